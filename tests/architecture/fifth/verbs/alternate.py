"""``cuvee alternate``: the rows of every source in turn."""

from pathlib import Path

from cuvee.commands import verb
from cuvee.result import Result
from cuvee.verbs import options as o


@verb("alternate")
def alternate(
    data: o.Data,
    *,
    budget: str = "10%",
    embedder: o.Embedder = None,
    format: o.Format = "same",
    file: o.File = "jsonl",
    near: o.Near = 0.8,
    near_vectors: o.NearVectors = "off",
    decontaminate: o.Decontaminate = None,
    contamination: o.Contamination = 0.65,
    drop_truncated: o.DropTruncated = False,
    columns: o.Columns = "",
    dialect: o.Dialect = None,
    draws: o.Draws = 5,
    strict: o.Strict = False,
    dry_run: o.DryRun = False,
    seed: o.Seed = 0,
    out: o.Out = Path("runs/alternate"),
) -> Result:
    """Take the rows of every source in turn, until the budget is spent.

    Parameters
    ----------
    budget:
        Rows (1000) or a share of the clean pool (5%).
    """
    from cuvee.alternation.asked import AlternateOptions
    from cuvee.alternation.run import run_alternate
    from cuvee.intake.asked import CleanOptions, PoolOptions
    from cuvee.intake.sources import ReadOptions
    from cuvee.publication.asked import Publishing

    read = ReadOptions(data=data, columns=columns, dialect=dialect, strict=strict)
    clean = CleanOptions(
        near=near,
        near_vectors=near_vectors,
        decontaminate=decontaminate,
        contamination=contamination,
        drop_truncated=drop_truncated,
    )
    options = AlternateOptions(
        pool=PoolOptions(read=read, clean=clean, embedder=embedder, seed=seed),
        publishing=Publishing(format=format, file=file, draws=draws),
        budget=budget,
    )
    return run_alternate(options, out=out, dry_run=dry_run)
