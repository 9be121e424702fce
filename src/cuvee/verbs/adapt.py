"""``cuvee adapt``: a policy learns which rows a model should see next (RAISE)."""

from pathlib import Path
from typing import Any

from cuvee.commands import verb
from cuvee.result import Result


@verb("adapt")
def adapt(
    data: list[str],
    *,
    goal: list[str],
    model: str = "smollm2-135m",
    clusters: int = 2,
    per_cluster: int = 8,
    episodes: int = 20,
    steps: int = 100,
    final_steps: int = 0,
    subset: str = "5%",
    every: int = 1,
    repeats: int = 4,
    final_picks: str = "top",
    goal_test: str = "50%",
    goal_rows: int = 32,
    reward: str = "loss",
    max_new_tokens: int = 64,
    aux: str | None = None,
    policy: Path | None = None,
    ppo: str = "",
    lr: float = 2e-5,
    schedule: str = "cosine",
    warmup: float = 0.03,
    max_length: int = 512,
    lora: int = 0,
    save_every: int = 25,
    embedder: str | None = None,
    format: str = "same",
    file: str = "jsonl",
    near: float = 0.8,
    near_vectors: str = "off",
    decontaminate: list[str] | None = None,
    contamination: float = 0.65,
    drop_truncated: bool = False,
    columns: str = "",
    dialect: str | None = None,
    draws: int = 5,
    strict: bool = False,
    dry_run: bool = False,
    seed: int = 0,
    out: Path = Path("runs/adapt"),
) -> Result:
    """Learn which rows a model should see at each training step to get better at a goal (RAISE, arXiv 2504.07282).

    Each episode trains the base model on a random part of the pool while a policy picks every batch; the policy is paid by
    how much the loss on the goal falls, and learns (PPO). Then one final run takes the policy's best rows from the whole
    pool. Gives the model, the policy, and the order of the rows as a training set that `cuvee train --replay` repeats. Call it
    again and it goes on where it was stopped, at any step of any episode.

    Parameters
    ----------
    data:
        Files, folders, globs, "-" for standard input, or a hub id. Dialects and compression are told apart by themselves.
    goal:
        Examples of what the model should get better at, with answers. Rows of the pool that hold one of them are dropped.
    model:
        The base model: a folder, a name of `cuvee models list`, a .gguf file, or a hub id.
    clusters:
        Groups of rows (K-means on what they mean); every step takes rows of each.
    per_cluster:
        Rows of each group in a step; a step has clusters x per_cluster rows.
    episodes:
        Trainings that the policy learns from; 0 uses --policy as it is.
    steps:
        Optimiser steps of an episode.
    final_steps:
        Optimiser steps of the final run; 0 takes as many as an episode.
    subset:
        Rows, or a share of the pool, that an episode picks from; drawn anew for each.
    every:
        Steps between decisions: for a pool of 200,000 rows or more, pick for several steps at once.
    repeats:
        How often a row may be taken in one training while its group has others; 0 leaves that to the policy alone.
    final_picks:
        top (the best rows by score) or sample (drawn as in the episodes).
    goal_test:
        Share of the goal that the policy never sees; the reported loss is taken on it.
    goal_rows:
        Rows of the goal that are read after each decision, the same ones always.
    reward:
        What the policy is paid by: loss (of the goal's answers), or a measure of `cuvee evaluate`: exact_match, number_match,
        accuracy, accuracy_norm, or passed, which runs the code that the model writes, in a fenced process.
    max_new_tokens:
        Longest answer that is written where the reward is one of an answer.
    aux:
        The model that reads every row once, for the policy to see. Default: the model itself, or the one of --policy.
    policy:
        A run of `cuvee adapt`, or its policy/ folder, to start from or to use.
    ppo:
        Settings of the learner: "discount=0.7,clip=0.5,entropy=0.003,lr=0.005,epochs=6".
    lr:
        Highest learning rate of the model.
    schedule:
        How it falls: cosine, linear or constant.
    warmup:
        Share of the steps in which it rises.
    max_length:
        Tokens of a row that are read; longer rows lose their end.
    lora:
        Rank of LoRA adapters; 0 trains all weights.
    save_every:
        Steps between checkpoints; 0 for none.
    embedder:
        For diversity figures and the map: lexical, static, sentence, or static:PATH, sentence:PATH.
    format:
        same (rows byte for byte), messages, sharegpt, alpaca, prompt-completion.
    file:
        jsonl, parquet or json (one array).
    near:
        Drop a row that shares this share of its word 3-grams (Jaccard) with an earlier kept one; 0 looks for none.
    near_vectors:
        Also drop by cosine: a number, q0.99 (a quantile of nearest-neighbour cosines), auto, or off.
    decontaminate:
        Further evaluation files or folders whose items no kept row may hold.
    contamination:
        Share of an item's word 3-grams, rare ones weighing most, from which a row counts as holding it.
    drop_truncated:
        Drop rows whose answer looks cut off.
    columns:
        Where the columns have names of their own: "instruction=q,output=a".
    dialect:
        Read every row as this dialect.
    draws:
        Random selections to measure beside.
    strict:
        Stop at the first row that cannot be read.
    dry_run:
        Say what would be done, and stop.
    seed:
        Of all chance.
    out:
        The run folder.
    """
    typed: dict[str, Any] = dict(locals())
    from cuvee.adaptation.run import run_adapt

    return run_adapt(**typed)
