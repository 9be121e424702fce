"""``cuvee adapt``: a policy learns which rows a model should see next (RAISE)."""

from pathlib import Path

from cuvee.result import Result
from cuvee.verbs import options as o
from cuvee.verbs.face import verb


@verb("adapt", example="cuvee adapt pool --goal eval/questions.jsonl --model smollm2-135m", page="docs/adapt.md")
def adapt(
    data: o.Data,
    *,
    goal: list[str],
    model: o.Model = "smollm2-135m",
    clusters: o.Clusters = 1,
    per_cluster: int = 16,
    episodes: int = 20,
    steps: o.Steps = 100,
    final_steps: int = 0,
    subset: o.Amount = "5%",
    every: int = 1,
    repeats: int = 1,
    probes: int = 200,
    random_start: float = 0.1,
    final_picks: str = "top",
    goal_test: str = "50%",
    goal_rows: int = 32,
    reward: str = "loss",
    max_new_tokens: o.MaxNewTokens = 64,
    aux: str | None = None,
    policy: Path | None = None,
    ppo: str = "",
    lr: o.Lr = 2e-5,
    schedule: o.Schedule = "cosine",
    warmup: o.Warmup = 0.03,
    max_length: o.MaxLength = 512,
    lora: o.Lora = 0,
    device: o.Device = None,
    precision: o.Precision = None,
    save_every: o.SaveEvery = 25,
    embedder: o.Embedder = None,
    format: o.Format = "auto",
    file: o.File = "jsonl",
    near: o.Near = 0.8,
    near_vectors: o.NearVectors = "off",
    decontaminate: o.Decontaminate = None,
    contamination: o.Contamination = 0.65,
    keep_empty: o.KeepEmpty = False,
    keep_special: o.KeepSpecial = False,
    drop_truncated: o.DropTruncated = False,
    columns: o.Columns = "",
    dialect: o.Dialect = None,
    draws: o.Draws = 5,
    strict: o.Strict = False,
    dry_run: o.DryRun = False,
    replace: o.Replace = False,
    seed: o.Seed = 0,
    out: o.Out = Path("runs/adapt"),
) -> Result:
    """Learn which rows a model should see at each training step to get better at a goal (RAISE, arXiv 2504.07282).

    Each episode trains the base model on a random part of the pool while a policy picks every batch; the policy is paid by
    how much the loss on the goal falls, and learns (PPO). Then one final run takes the policy's best rows from the whole
    pool. Gives the model, the policy, and the order of the rows as a training set that `cuvee train --replay` repeats. Call it
    again and it goes on where it was stopped, at any step of any episode.

    Parameters
    ----------
    goal:
        Examples of what the model should get better at, with answers. Rows of the pool that hold one of them are dropped.
    per_cluster:
        Rows of each group in a step; every step takes clusters x per_cluster rows.
    episodes:
        Trainings that the policy learns from; 0 uses --policy as it is, or what the probes say.
    final_steps:
        Optimiser steps of the final run; 0 takes as many as an episode.
    subset:
        Rows, or a share of the pool, that an episode picks from; drawn anew for each.
    every:
        Steps between decisions: for a pool of 200,000 rows or more, pick for several steps at once.
    repeats:
        How often a row may be taken in one training while its group has others; 0 leaves that to the policy alone.
    probes:
        Rows on which one step is tried, each alone, before any episode; a first policy is fitted to what they did to the goal.
        0 starts from one that picks at random. Not made where --policy is given.
    random_start:
        Share of a training's steps, from its first, that take random rows, in episodes and in the final run.
    final_picks:
        top (the best rows by score) or sample (drawn as in the episodes).
    goal_test:
        Share of the goal that the policy never sees; the reported loss is taken on it.
    goal_rows:
        Rows of the goal that are read after each decision, the same ones always.
    reward:
        What the policy is paid by: loss (of the goal's answers), or a measure of `cuvee evaluate`: exact_match, number_match,
        accuracy, accuracy_norm, or passed, which runs the code that the model writes, in a fenced process.
    aux:
        The model that reads every row once, for the policy to see. Default: the model itself, or the one of --policy.
    policy:
        A run of `cuvee adapt`, or its policy/ folder, to start from or to use.
    ppo:
        Settings of the learner: "discount=0.7,clip=0.5,entropy=0.003,lr=0.005,epochs=6".
    """
    from cuvee.adaptation.asked import AdaptOptions
    from cuvee.adaptation.run import run_adapt
    from cuvee.intake.asked import CleanOptions, PoolOptions
    from cuvee.intake.sources import ReadOptions
    from cuvee.models.place import ModelPlace
    from cuvee.publication.asked import Publishing

    read = ReadOptions(data=data, columns=columns, dialect=dialect, strict=strict, keep_special=keep_special)
    clean = CleanOptions(
        near=near,
        near_vectors=near_vectors,
        decontaminate=decontaminate,
        contamination=contamination,
        keep_empty=keep_empty,
        drop_truncated=drop_truncated,
    )
    options = AdaptOptions(
        pool=PoolOptions(read=read, clean=clean, embedder=embedder, seed=seed),
        publishing=Publishing(format=format, file=file, draws=draws),
        goal=goal,
        model=model,
        clusters=clusters,
        per_cluster=per_cluster,
        episodes=episodes,
        steps=steps,
        final_steps=final_steps,
        subset=subset,
        every=every,
        repeats=repeats,
        probes=probes,
        random_start=random_start,
        final_picks=final_picks,
        goal_test=goal_test,
        goal_rows=goal_rows,
        reward=reward,
        max_new_tokens=max_new_tokens,
        aux=aux,
        policy=policy,
        ppo=ppo,
        lr=lr,
        schedule=schedule,
        warmup=warmup,
        max_length=max_length,
        lora=lora,
        save_every=save_every,
        place=ModelPlace(device=device, precision=precision),
    )
    with options.place.used():
        return run_adapt(options, out=out, dry_run=dry_run, replace=replace)
