"""``cuvee prove``: which way of choosing wins, by how much, how sure."""

from pathlib import Path
from typing import Any

from cuvee.commands import verb
from cuvee.result import Result


@verb("prove")
def prove(
    data: list[str],
    *,
    arms: str = "k-center,random,full,base",
    budget: str = "5%",
    model: str = "smollm2-135m",
    seeds: int = 5,
    reference: str = "random",
    same: str = "updates",
    held_out: str = "10%",
    on: list[str] | None = None,
    metrics: str = "loss",
    max_new_tokens: int = 32,
    level: float = 0.95,
    pair_seeds: bool = False,
    epochs: float = 3,
    lr: float = 2e-5,
    batch: int = 16,
    max_length: int = 512,
    lora: int = 0,
    embedder: str | None = None,
    near: float = 0.8,
    near_vectors: str = "off",
    decontaminate: list[str] | None = None,
    contamination: float = 0.65,
    drop_truncated: bool = False,
    columns: str = "",
    dialect: str | None = None,
    strict: bool = False,
    dry_run: bool = False,
    seed: int = 0,
    out: Path = Path("runs/prove"),
) -> Result:
    """Train every arm on the same budget, several seeds each, and say which beats random, by how much, how sure.

    Holds out a part of the pool, trains the model on each arm's rows with the same number of updates, compares the losses
    on the held-out rows question by question, and gives one verdict per arm. The chance that any verdict of the run is
    false is at most 1 - level. Call it again and it goes on where it was stopped, also inside a training.

    Parameters
    ----------
    data:
        Files, folders, globs, "-" for standard input, or a hub id. Dialects and compression are told apart by themselves.
    arms:
        What to compare: methods of `cuvee select`, with settings after colons (deita:threshold=0.9), random, full (the whole
        pool), base (not trained), folders of earlier runs, or package.module:function.
    budget:
        Rows (1000), a share of the pool without its held-out rows (5%), or tokens (2Mtok).
    model:
        The base model of every training: a folder, a name of `cuvee models list`, a .gguf file, or a hub id.
    seeds:
        Trainings per arm. 1 leaves the chance of training out of the intervals; 5 make them much narrower than 3.
    reference:
        The arm that the others are compared with.
    same:
        updates: every arm takes as many optimiser steps as --epochs over the budget need, full data too. epochs: every arm
        sees its own rows --epochs times.
    held_out:
        Rows, or a share of the clean pool, that no arm trains on and every arm is judged on.
    on:
        Evaluation files to judge on, in place of held-out rows; rows of the pool that hold one of their items leave.
    metrics:
        What arms are judged by: loss, exact_match (the model answers, word for word as the row does), or both.
    max_new_tokens:
        Longest answer that is written for exact_match; questions whose right answer is longer are judged by loss only.
    level:
        Probability that all intervals of the run hold together.
    pair_seeds:
        Compare seed by seed: narrower where the same seed moves all arms alike, wider elsewhere.
    epochs:
        Passes over the budget.
    lr:
        Highest learning rate; it warms up over 3 % of the steps and falls as a cosine.
    batch:
        Rows of an optimiser step.
    max_length:
        Tokens of a row that are read; longer rows lose their end.
    lora:
        Rank of LoRA adapters; 0 trains all weights.
    embedder:
        What the methods see: lexical, static, sentence, or static:PATH, sentence:PATH.
    near:
        Drop a row that shares this share of its word 3-grams (Jaccard) with an earlier kept one; 0 looks for none.
    near_vectors:
        Also drop by cosine: a number, q0.99 (a quantile of nearest-neighbour cosines), auto, or off.
    decontaminate:
        Further evaluation files or folders whose items no row may hold.
    contamination:
        Share of an item's word 3-grams, rare ones weighing most, from which a row counts as holding it.
    drop_truncated:
        Drop rows whose answer looks cut off.
    columns:
        Where the columns have names of their own: "instruction=q,output=a".
    dialect:
        Read every row as this dialect.
    strict:
        Stop at the first row that cannot be read.
    dry_run:
        Say what would be trained and about how long it takes, and stop.
    seed:
        Of all chance: the first of the seeds, and of what is held out.
    out:
        The run folder.
    """
    typed: dict[str, Any] = dict(locals())
    from cuvee.proof.run import run_prove

    return run_prove(**typed)
