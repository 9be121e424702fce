"""``cuvee distill``: weak rows become strong ones (LM-Mixup)."""

from pathlib import Path
from typing import Any

from cuvee.commands import verb
from cuvee.result import Result


@verb("distill train")
def distill_train(
    corpus: Path,
    *,
    model: str = "smollm2-135m",
    epochs: float = 3,
    lr: float = 2e-5,
    batch: int = 16,
    max_length: int = 2400,
    lora: int = 0,
    steps: int = 100,
    group: int = 4,
    prompts: int = 2,
    temperature: float = 1.0,
    grpo_lr: float = 1e-6,
    kl: float = 0.01,
    max_new_tokens: int = 512,
    quality: float = 0.5,
    alignment: float = 0.4,
    format_weight: float = 0.1,
    alike: float = 0.8,
    voters: int = 16,
    embedder: str | None = None,
    held_out: str = "5%",
    judged: int = 64,
    dry_run: bool = False,
    seed: int = 0,
    out: Path = Path("runs/distiller"),
) -> Result:
    """Train a distiller on a corpus: cold start by supervised training, then GRPO with three rewards.

    Gives the model, the library of rated texts that judges it, and the reward curves. Call it again and it goes on.

    Parameters
    ----------
    corpus:
        The folder that `cuvee distill corpus` made, a file in its schema, or MIXTURE as published.
    model:
        The model to start from: a folder, a name of `cuvee models list`, a .gguf file, or a hub id.
    epochs:
        Passes of the cold start over the corpus.
    lr:
        Highest learning rate of the cold start.
    batch:
        Examples of an optimiser step of the cold start.
    max_length:
        Tokens of an example; longer ones are left out, and counted.
    lora:
        Rank of LoRA adapters; 0 trains all weights.
    steps:
        Optimiser steps of GRPO; 0 stops after the cold start.
    group:
        Replies drawn per prompt.
    prompts:
        Prompts of a GRPO step.
    temperature:
        Of the drawn replies.
    grpo_lr:
        Learning rate of GRPO.
    kl:
        Weight of the divergence from the cold start.
    max_new_tokens:
        Tokens of a reply.
    quality:
        Weight of the quality reward (KNN-Bayes rating of the answer); 0 leaves it out.
    alignment:
        Weight of the alignment reward (cosine to the reference answer); 0 leaves it out.
    format_weight:
        Weight of the format reward; 0 leaves it out.
    alike:
        Cosine from which an answer counts as aligned.
    voters:
        Nearest rated texts that vote on a rating.
    embedder:
        For ratings and alignment: lexical, static, sentence, or static:PATH, sentence:PATH.
    held_out:
        Examples, or a share, that are not trained on; no topic of theirs is.
    judged:
        Held-out examples that are answered before and after; 0 takes all.
    dry_run:
        Say what would be done, and stop.
    seed:
        Of all chance.
    out:
        The run folder.
    """
    typed: dict[str, Any] = dict(locals())
    from cuvee.distiller.run import run_distill_train

    return run_distill_train(**typed)


@verb("distill corpus")
def distill_corpus(
    data: list[str],
    *,
    offline: bool = False,
    base_url: str = "",
    judge_model: str = "",
    judge_settings: str = "",
    max_tokens_spent: int | None = None,
    kinds: str = "qa,mcq,tfq,cs,para",
    variants: str = "2-5",
    merged: float = 0.2,
    noisy: float = 0.3,
    limit: int = 0,
    columns: str = "",
    dialect: str | None = None,
    embedder: str | None = None,
    near: float = 0.8,
    dry_run: bool = False,
    seed: int = 0,
    out: Path = Path("runs/corpus"),
) -> Result:
    """Build the corpus that a distiller learns from: weak texts in, reasoning and one good text out.

    With a server (--base-url, --judge-model): passages are rewritten into good texts of five kinds, rated, and those
    rated 4 or more made weak again. Without (--offline): the rows of a good pool are made weak by rule.

    Parameters
    ----------
    data:
        Text files (.txt, .md: passages) or instruction data.
    offline:
        Make the corpus from a good pool by rule, without a strong model.
    base_url:
        An OpenAI-compatible server, up to /v1.
    judge_model:
        The strong model on it: it rewrites, rates and weakens.
    judge_settings:
        "temperature=0.7,max_tokens=1024"; see docs/scorers.md.
    max_tokens_spent:
        Tokens that may be spent, in and out.
    kinds:
        Some of qa, mcq, tfq, cs, para.
    variants:
        Fewest and most weak versions of a text: "2-20".
    merged:
        Share of the examples that join two near topics.
    noisy:
        Share of the examples whose weak texts are misspelt here and there.
    limit:
        Passages or rows to take, drawn at random; 0 takes all.
    columns:
        Where the columns have names of their own: "instruction=q,output=a".
    dialect:
        Read every row as this dialect.
    embedder:
        What near topics are told by: lexical, static, sentence.
    near:
        Drop a row that shares this share of its word 3-grams with an earlier one; 0 looks for none.
    dry_run:
        Say what would be done and what it would cost, and stop.
    seed:
        Of all chance.
    out:
        The run folder.
    """
    typed: dict[str, Any] = dict(locals())
    from cuvee.distiller.corpus import run_distill_corpus

    return run_distill_corpus(**typed)


@verb("distill")
def distill(
    data: list[str],
    *,
    model: str = "smollm2-135m",
    budget: str = "10%",
    rating: str = "bayes",
    library: str | None = None,
    rating_column: str = "",
    rating_scale: int = 5,
    correct: bool = False,
    good: float = 4.0,
    share: float = 0.5,
    smallest: int = 2,
    largest: int = 5,
    mean: float = 0,
    at_most: int = 0,
    max_new_tokens: int = 512,
    base_url: str = "",
    judge_model: str = "",
    judge_settings: str = "",
    max_tokens_spent: int | None = None,
    embedder: str | None = None,
    format: str = "messages",
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
    out: Path = Path("runs/distill"),
) -> Result:
    """Let a distiller make strong rows out of clusters of weak ones (LM-Mixup, arXiv 2510.20449).

    Rates every row; rows below 4 are weak. Clusters the weak rows, writes one new row per cluster, rates it, keeps those of 4
    or more, takes the rarest of them and the best original rows, and shuffles. `cuvee distill corpus` and `cuvee distill
    train` make the distiller.

    Parameters
    ----------
    data:
        Files, folders, globs, "-" for standard input, or a hub id.
    model:
        The distiller: the folder that `cuvee distill train` made, or any other model.
    budget:
        Rows of the training set: a number or a share of the clean pool.
    rating:
        bayes (KNN-Bayes over the distiller's library), judge (a chat model), or column (the rows' own).
    library:
        Rated texts for bayes; default: the distiller's own.
    rating_column:
        The column of the rows' own ratings.
    rating_scale:
        5: the column's ratings are 0 to 5. 10: they are 1 to 10, and min(9, max(4, v)) - 4 is taken.
    correct:
        Put the ratings of a judge or a column right by those of the nearest rows (DS2's score transition matrix).
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
        Clusters to distil, drawn at random; 0 takes all.
    max_new_tokens:
        Tokens of a reply.
    base_url:
        For judge: an OpenAI-compatible server, up to /v1.
    judge_model:
        For judge: the model on it.
    judge_settings:
        "temperature=0,max_tokens=256"; see docs/scorers.md.
    max_tokens_spent:
        Tokens that the judge may spend, in and out.
    embedder:
        What clusters are told by: lexical, static, sentence, or static:PATH, sentence:PATH.
    format:
        messages, sharegpt, alpaca, prompt-completion, or same (new rows are then messages).
    file:
        jsonl, parquet or json (one array).
    near:
        Drop a row that shares this share of its word 3-grams (Jaccard) with an earlier kept one; 0 looks for none.
    near_vectors:
        Also drop by cosine: a number, q0.99 (a quantile of nearest-neighbour cosines), auto, or off.
    decontaminate:
        Evaluation files or folders whose items no kept row may hold.
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
    from cuvee.distillation.run import run_distill

    return run_distill(**typed)
