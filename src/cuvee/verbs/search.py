"""``cuvee search``: which recipe of all methods and choosers is best for this pool and budget."""

from pathlib import Path

from cuvee.result import Result
from cuvee.verbs import options as o
from cuvee.verbs.face import verb


@verb("search", example="cuvee search pool --model smollm2-135m --budget 5% --trials 20", page="docs/search.md")
def search(
    data: o.Data,
    *,
    model: o.Model = "smollm2-135m",
    budget: o.Budget = "5%",
    trials: int = 20,
    goal: str | None = None,
    distilled: Path | None = None,
    control: bool = False,
    seeds: int = 3,
    held_out: o.HeldOut = "20%",
    level: float = 0.95,
    epochs: o.Epochs = 3,
    lr: o.Lr = 2e-5,
    batch: o.Batch = 16,
    max_length: o.MaxLength = 512,
    lora: o.Lora = 0,
    device: o.Device = None,
    precision: o.Precision = None,
    embedder: o.Embedder = None,
    near: o.Near = 0.8,
    near_vectors: o.NearVectors = "off",
    decontaminate: o.Decontaminate = None,
    contamination: o.Contamination = 0.65,
    keep_empty: o.KeepEmpty = False,
    drop_truncated: o.DropTruncated = False,
    columns: o.Columns = "",
    dialect: o.Dialect = None,
    strict: o.Strict = False,
    dry_run: o.DryRun = False,
    replace: o.Replace = False,
    seed: o.Seed = 0,
    out: o.Out = Path("runs/search"),
) -> Result:
    """Try recipes of all methods and choosers by successive halving, and confirm the best on questions the search never saw.

    Half of the held-out questions choose: single methods and recipes made of several are trained once, the better ones again
    with other seeds. The other half judges the winner against random rows, with seeds of its own. Gives the recipe as a file
    that `cuvee run` takes, every trial, and the proof. Call it again and it goes on where it was stopped.

    Parameters
    ----------
    trials:
        Trainings of recipes in all; those of random rows and of the confirmation come on top.
    goal:
        A file of examples to get better at: methods that are told a goal are then tried too.
    distilled:
        A run of `cuvee distill` on this pool: its new rows are then tried beside what is chosen.
    control:
        Give as many trials to recipes drawn at random, and judge their best beside the winner.
    seeds:
        Trainings of each arm in the confirmation.
    level:
        Probability that the interval of the winner holds.
    """
    from cuvee.exploration.asked import SearchOptions
    from cuvee.exploration.run import run_search
    from cuvee.intake.asked import CleanOptions, PoolOptions
    from cuvee.intake.sources import ReadOptions
    from cuvee.models.place import ModelPlace

    read = ReadOptions(data=data, columns=columns, dialect=dialect, strict=strict)
    clean = CleanOptions(
        near=near,
        near_vectors=near_vectors,
        decontaminate=decontaminate,
        contamination=contamination,
        keep_empty=keep_empty,
        drop_truncated=drop_truncated,
    )
    options = SearchOptions(
        pool=PoolOptions(read=read, clean=clean, embedder=embedder, seed=seed),
        budget=budget,
        model=model,
        trials=trials,
        goal=goal,
        distilled=distilled,
        control=control,
        seeds=seeds,
        held_out=held_out,
        level=level,
        epochs=epochs,
        lr=lr,
        batch=batch,
        max_length=max_length,
        lora=lora,
        place=ModelPlace(device=device, precision=precision),
    )
    with options.place.used():
        return run_search(options, out=out, dry_run=dry_run, replace=replace)
