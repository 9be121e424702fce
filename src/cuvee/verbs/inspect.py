"""``cuvee inspect``: what is in a pool."""

from pathlib import Path

from cuvee.commands import verb
from cuvee.result import Result
from cuvee.verbs import options as o


@verb("inspect", example="cuvee inspect pool", page="docs/formats.md")
def inspect(
    data: o.Data,
    *,
    near: o.Near = 0.8,
    columns: o.Columns = "",
    dialect: o.Dialect = None,
    strict: o.Strict = False,
    dry_run: o.DryRun = False,
    seed: o.Seed = 0,
    out: o.Out = Path("runs/inspect"),
) -> Result:
    """Profile a pool: dialects, rows, lengths, tasks, duplicates, broken rows. Nothing is chosen.

    Parameters
    ----------
    """
    from cuvee.intake.profile import InspectOptions, run_inspect
    from cuvee.intake.sources import ReadOptions

    read = ReadOptions(data=data, columns=columns, dialect=dialect, strict=strict)
    return run_inspect(InspectOptions(read=read, near=near, seed=seed), out=out, dry_run=dry_run)
