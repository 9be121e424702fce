"""``cuvee distill``: weak rows become strong ones (LM-Mixup)."""

from pathlib import Path

from cuvee.result import Result
from cuvee.verbs import options as o
from cuvee.verbs.face import verb


@verb("distill train", example="cuvee distill train runs/corpus --model smollm2-135m", page="docs/distill.md")
def distill_train(
    corpus: Path,
    *,
    model: o.Model = "smollm2-135m",
    epochs: o.Epochs = 3,
    lr: o.Lr = 2e-5,
    batch: o.Batch = 16,
    max_length: o.MaxLength = 2400,
    lora: o.Lora = 0,
    device: o.Device = None,
    precision: o.Precision = None,
    grpo_steps: int = 100,
    group: int = 4,
    prompts: int = 2,
    temperature: o.Temperature = 1.0,
    grpo_lr: float = 1e-6,
    kl: float = 0.01,
    max_new_tokens: o.MaxNewTokens = 512,
    quality: float | None = None,
    alignment: float | None = None,
    format_weight: float | None = None,
    aligned_by: str = "content",
    alike: float = 0.8,
    voters: int = 16,
    embedder: o.Embedder = None,
    held_out: o.HeldOut = "5%",
    judged: int = 64,
    dry_run: o.DryRun = False,
    replace: o.Replace = False,
    seed: o.Seed = 0,
    out: o.Out = Path("runs/distiller"),
) -> Result:
    """Train a distiller on a corpus: cold start by supervised training, then GRPO with three rewards.

    Gives the model, the library of rated texts that judges it, and the reward curves. Call it again and it goes on.

    Parameters
    ----------
    corpus:
        The folder that `cuvee distill corpus` made, a file in its schema, or MIXTURE as published.
    grpo_steps:
        Optimiser steps of GRPO; 0 stops after the cold start.
    group:
        Replies drawn per prompt.
    prompts:
        Prompts of a GRPO step.
    grpo_lr:
        Learning rate of GRPO.
    kl:
        Weight of the divergence from the cold start.
    quality:
        Weight of the quality reward (KNN-Bayes rating of the answer), for all kinds; 0 leaves it out. Default: as published,
        0.5 for qa and cs, 0.8 for mcq, tfq and para; where the library's ratings are hardly better than a coin it goes to
        alignment.
    alignment:
        Weight of the alignment reward; 0 leaves it out. Default: 0.4 for qa and cs, none for the other kinds.
    format_weight:
        Weight of the format reward; 0 leaves it out. Default: 0.1 for qa and cs, 0.2 for the other kinds.
    aligned_by:
        What alignment is told by: content (what the weak texts say together is covered, and nothing is invented or said twice),
        or reference (cosine to the reference answer, as published).
    alike:
        Cosine from which an answer counts as aligned with its reference.
    voters:
        Nearest rated texts that vote on a rating.
    judged:
        Held-out examples that are answered before and after; 0 takes all.
    """
    from cuvee.distiller.training import asked
    from cuvee.distiller.training.run import run_distill_train
    from cuvee.models.place import ModelPlace

    cold_start = asked.ColdStartOptions(epochs=epochs, lr=lr, batch=batch, max_length=max_length, lora=lora)
    grpo = asked.GrpoOptions(
        grpo_steps=grpo_steps,
        group=group,
        prompts=prompts,
        temperature=temperature,
        grpo_lr=grpo_lr,
        kl=kl,
        max_new_tokens=max_new_tokens,
    )
    rewards = asked.RewardOptions(
        quality=quality,
        alignment=alignment,
        format_weight=format_weight,
        aligned_by=aligned_by,
        alike=alike,
        voters=voters,
        embedder=embedder,
    )
    options = asked.DistillTrainOptions(
        corpus=corpus,
        model=model,
        cold_start=cold_start,
        grpo=grpo,
        rewards=rewards,
        held_out=held_out,
        judged=judged,
        place=ModelPlace(device=device, precision=precision),
        seed=seed,
    )
    with options.place.used():
        return run_distill_train(options, out=out, dry_run=dry_run, replace=replace)


@verb("distill corpus", example="cuvee distill corpus pool --offline", page="docs/distill.md")
def distill_corpus(
    data: list[str],
    *,
    offline: bool = False,
    base_url: o.BaseUrl = "",
    judge_model: o.JudgeModel = "",
    judge_settings: o.JudgeSettings = "",
    max_tokens_spent: o.MaxTokensSpent = None,
    kinds: str = "qa,mcq,tfq,cs,para",
    variants: str = "2-5",
    merged: float = 0.2,
    noisy: float = 0.3,
    limit: o.Limit = None,
    columns: o.Columns = "",
    dialect: o.Dialect = None,
    embedder: o.Embedder = None,
    near: o.Near = 0.8,
    dry_run: o.DryRun = False,
    replace: o.Replace = False,
    seed: o.Seed = 0,
    out: o.Out = Path("runs/corpus"),
) -> Result:
    """Build the corpus that a distiller learns from: weak texts in, reasoning and one good text out.

    With a server (--base-url, and a strong model as --judge-model): passages are rewritten into good texts of five kinds,
    rated, and those rated 4 or more made weak again. Without (--offline): the rows of a good pool are made weak by rule.

    Parameters
    ----------
    data:
        Text files (.txt, .md: passages) or instruction data.
    offline:
        Make the corpus from a good pool by rule, without a strong model.
    kinds:
        Some of qa, mcq, tfq, cs, para.
    variants:
        Fewest and most weak versions of a text: "2-20".
    merged:
        Share of the examples that join two near topics.
    noisy:
        Share of the examples whose weak texts are misspelt here and there.
    """
    from cuvee.distiller.corpus.asked import DistillCorpusOptions
    from cuvee.distiller.corpus.run import run_distill_corpus
    from cuvee.intake.asked import CleanOptions, PoolOptions
    from cuvee.intake.judge import JudgeOptions
    from cuvee.intake.sources import ReadOptions

    read = ReadOptions(data=data, columns=columns, dialect=dialect, strict=False)
    clean = CleanOptions(
        near=near,
        near_vectors="off",
        decontaminate=None,
        contamination=0.65,
        drop_truncated=offline,  # by rule each row is a good text, and one that breaks off is none
    )
    judge = JudgeOptions(
        base_url=base_url,
        judge_model=judge_model,
        judge_settings=judge_settings,
        max_tokens_spent=max_tokens_spent,
    )
    options = DistillCorpusOptions(
        pool=PoolOptions(read=read, clean=clean, embedder=embedder, seed=seed),
        judge=judge,
        offline=offline,
        kinds=kinds,
        variants=variants,
        merged=merged,
        noisy=noisy,
        limit=limit,
    )
    return run_distill_corpus(options, out=out, dry_run=dry_run, replace=replace)


@verb("distill", example="cuvee distill pool --model runs/distiller --budget 5%", page="docs/distill.md")
def distill(
    data: o.Data,
    *,
    model: str = "smollm2-135m",
    budget: o.Budget = "10%",
    rating: str = "auto",
    library: str | None = None,
    rating_column: str = "",
    rating_scale: int = 5,
    correct: bool = False,
    merging: str = "trained",
    good: float = 4.0,
    share: float = 0.5,
    smallest: int = 2,
    largest: int = 5,
    mean: float = 0,
    at_most: int = 0,
    max_new_tokens: o.MaxNewTokens = 512,
    device: o.Device = None,
    precision: o.Precision = None,
    base_url: o.BaseUrl = "",
    judge_model: o.JudgeModel = "",
    judge_settings: o.JudgeSettings = "",
    max_tokens_spent: o.MaxTokensSpent = None,
    embedder: o.Embedder = None,
    format: o.Format = "messages",
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
    out: o.Out = Path("runs/distill"),
) -> Result:
    """Let a distiller make strong rows out of clusters of weak ones (LM-Mixup, arXiv 2510.20449).

    Rates every row; rows below 4 are weak. Clusters the weak rows, writes one new row per cluster, rates it, keeps those of 4
    or more, takes the rarest of them and the best original rows, and shuffles. `cuvee distill corpus` and `cuvee distill
    train` make the distiller.

    Parameters
    ----------
    model:
        The distiller: the folder that `cuvee distill train` made, or any other model.
    budget:
        Rows of the training set: a number or a share of the clean pool.
    rating:
        bayes (KNN-Bayes over the distiller's library), agreement (what near rows say to the same question), judge (a chat
        model), column (the rows' own), or auto: bayes where the library tells good texts from weak ones, else agreement.
    library:
        Rated texts for bayes; default: the distiller's own.
    rating_column:
        The column of the rows' own ratings.
    rating_scale:
        5: the column's ratings are 0 to 5. 10: they are 1 to 10, and min(9, max(4, v)) - 4 is taken.
    correct:
        Put the ratings of a judge or a column right by those of the nearest rows (DS2's score transition matrix).
    merging:
        How the model is asked: trained (as `cuvee distill train` taught it), or prompt (any chat model, by a prompt alone).
    good:
        Rating from which a row, old or new, is good.
    share:
        Share of distilled rows in the training set.
    smallest:
        Rows of a cluster, at least.
    largest:
        Rows of a cluster, at most.
    mean:
        Rows of a cluster on average; 0 takes one more than the smallest.
    at_most:
        Clusters to distill, drawn at random; 0 takes all.
    """
    from cuvee.distillation.asked import DistillOptions, Grouping, RatingOptions
    from cuvee.distillation.run import run_distill
    from cuvee.intake.asked import CleanOptions, PoolOptions
    from cuvee.intake.judge import JudgeOptions
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
    judge = JudgeOptions(
        base_url=base_url,
        judge_model=judge_model,
        judge_settings=judge_settings,
        max_tokens_spent=max_tokens_spent,
    )
    ways = RatingOptions(
        rating=rating,
        library=library,
        rating_column=rating_column,
        rating_scale=rating_scale,
        correct=correct,
        judge=judge,
    )
    options = DistillOptions(
        pool=PoolOptions(read=read, clean=clean, embedder=embedder, seed=seed),
        publishing=Publishing(format=format, file=file, draws=draws),
        rating=ways,
        grouping=Grouping(smallest=smallest, largest=largest, mean=mean, at_most=at_most),
        model=model,
        merging=merging,
        budget=budget,
        good=good,
        share=share,
        max_new_tokens=max_new_tokens,
        place=ModelPlace(device=device, precision=precision),
    )
    with options.place.used():
        return run_distill(options, out=out, dry_run=dry_run, replace=replace)
