"""``cuvee prove``: which way of choosing wins, by how much, how sure."""

from pathlib import Path

from cuvee.names import METHOD
from cuvee.result import Result
from cuvee.verbs import options as o
from cuvee.verbs.face import verb


@verb("prove", example="cuvee prove pool --arms facility-location,random,base --budget 5%", page="docs/proof.md")
def prove(
    data: o.Data,
    *,
    arms: str = f"{METHOD},random,full,base",
    budget: o.Budget = "5%",
    model: o.Model = "smollm2-135m",
    seeds: int = 5,
    reference: str = "random",
    same: str = "updates",
    held_out: o.HeldOut = "10%",
    on: o.On = None,
    metrics: str = "loss",
    max_new_tokens: o.MaxNewTokens = 32,
    level: float = 0.95,
    pair_seeds: bool = False,
    together: str = "auto",
    primary: str | None = None,
    plan: Path | None = None,
    confirm: Path | None = None,
    epochs: o.Epochs = 3,
    lr: o.Lr = 2e-5,
    lrs: str = "",
    batch: o.Batch = 16,
    max_length: o.MaxLength = 512,
    lora: o.Lora = 0,
    trunk: int = 0,
    device: o.Device = None,
    precision: o.Precision = None,
    embedder: o.Embedder = None,
    near: o.Near = 0.8,
    near_vectors: o.NearVectors = "off",
    decontaminate: o.Decontaminate = None,
    contamination: o.Contamination = 0.65,
    keep_empty: o.KeepEmpty = False,
    keep_special: o.KeepSpecial = False,
    drop_truncated: o.DropTruncated = False,
    columns: o.Columns = "",
    dialect: o.Dialect = None,
    strict: o.Strict = False,
    dry_run: o.DryRun = False,
    replace: o.Replace = False,
    seed: o.Seed = 0,
    out: o.Out = Path("runs/prove"),
) -> Result:
    """Train every arm on the same budget, several seeds each, and say which beats random, by how much, how sure.

    Holds out a part of the pool (or takes the questions of --on in place of it), trains the model on each arm's rows with the
    same number of updates, compares the losses on the held-out rows question by question, and gives one verdict per arm. The
    chance that any verdict of the run is false is at most 1 - level. Call it again and it goes on where it was stopped, also
    inside a training.

    Parameters
    ----------
    arms:
        What to compare: methods of `cuvee select`, with settings after colons (deita-proxy:threshold=0.9), and what they see of
        the vectors (k-center:space=whiten=512+without=length), random, full (the whole pool), base (not trained), folders of
        earlier runs, or package.module:function.
    seeds:
        Trainings per arm, by seed, seed + 1 and so on. 1 leaves the chance of training out of the intervals; 5 make them much
        narrower than 3.
    reference:
        The arm that the others are compared with.
    same:
        updates: every arm takes as many optimiser steps as --epochs over the budget need, full data too. epochs: every arm
        sees its own rows --epochs times. tokens: every arm reads as many tokens as --epochs over a budget of average rows
        have. rows: every arm touches as many different rows as the budget has, in the same number of steps; a blend
        touches two.
    metrics:
        What arms are judged by: loss, exact_match (the model answers, word for word as the row does), or both. Questions whose
        right answer is longer than max_new_tokens are judged by loss only.
    level:
        Probability that all intervals of the run hold together.
    pair_seeds:
        Compare seed by seed: narrower where the same seed moves all arms alike, wider elsewhere.
    together:
        Questions that move together count as one draw of chance. auto: those whose prompts share text, such as several on one
        passage; a column of the rows; or off.
    primary:
        The one comparison that counts, written down beforehand: "herding>random". Its interval has the whole chance of a
        miss for itself; what the others show is found beside it.
    plan:
        A file that fixes arms, metric, sizes, seeds and --primary before the first training; written where it is not there,
        kept to where it is.
    confirm:
        A finished proof: what won there is compared once more, with other seeds, on questions and rows that it never used. All
        settings are taken from it; data, seeds and questions may be named anew.
    lrs:
        Learning rates to try in place of --lr: "3e-5,1e-4,3e-4". Every arm has its best, by two trainings each on other seeds
        and by a quarter of the questions, which no verdict uses.
    trunk:
        Lower layers that stay frozen, for every arm alike: what they make of a row or question is computed once and kept, and
        only the layers above and the head are trained, several times as fast; 0 trains all.
    """
    from cuvee.intake.asked import CleanOptions, PoolOptions
    from cuvee.intake.sources import ReadOptions
    from cuvee.models.place import ModelPlace
    from cuvee.proof.asked import ProofOptions
    from cuvee.proof.run import run_prove

    read = ReadOptions(data=data, columns=columns, dialect=dialect, strict=strict, keep_special=keep_special)
    clean = CleanOptions(
        near=near,
        near_vectors=near_vectors,
        decontaminate=decontaminate,
        contamination=contamination,
        keep_empty=keep_empty,
        drop_truncated=drop_truncated,
    )
    options = ProofOptions(
        pool=PoolOptions(read=read, clean=clean, embedder=embedder, seed=seed),
        arms=arms,
        budget=budget,
        model=model,
        seeds=seeds,
        reference=reference,
        same=same,
        held_out=held_out,
        on=on,
        metrics=metrics,
        max_new_tokens=max_new_tokens,
        level=level,
        pair_seeds=pair_seeds,
        epochs=epochs,
        lr=lr,
        batch=batch,
        max_length=max_length,
        lora=lora,
        place=ModelPlace(device=device, precision=precision),
        primary=primary,
        plan=plan,
        confirm=confirm,
        together=together,
        trunk=trunk,
        lrs=lrs,
    )
    with options.place.used():
        return run_prove(options, out=out, dry_run=dry_run, replace=replace)
