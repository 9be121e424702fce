"""``cuvee inspect``: what is in a pool."""

from pathlib import Path

from cuvee.commands import verb
from cuvee.result import Result
from cuvee.verbs import options as o


@verb("inspect")
def inspect(
    data: o.Data,
    *,
    near: float = 0.8,
    columns: o.Columns = "",
    dialect: o.Dialect = None,
    strict: o.Strict = False,
    row_mb: o.RowMb = 16,
    dry_run: bool = False,
    seed: o.Seed = 0,
    out: Path = Path("runs/inspect"),
) -> Result:
    """Profile a pool: dialects, rows, lengths, tasks, duplicates, broken rows. Nothing is chosen.

    Parameters
    ----------
    near:
        Share of word 3-grams (Jaccard) from which two rows count as near duplicates; 0 looks for none.
    dry_run:
        Say what would be read, and stop.
    out:
        The run folder; it holds profile.json and, if there are any, quarantine.jsonl.
    """
    from cuvee.intake.profile import InspectOptions, run_inspect
    from cuvee.intake.sources import ReadOptions

    read = ReadOptions(data=data, columns=columns, dialect=dialect, strict=strict, row_mb=row_mb)
    return run_inspect(InspectOptions(read=read, near=near, seed=seed), out=out, dry_run=dry_run)
