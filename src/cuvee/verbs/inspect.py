"""``cuvee inspect``: what is in a pool."""

from pathlib import Path

from cuvee.result import Result
from cuvee.verbs import options as o
from cuvee.verbs.face import verb


@verb("inspect", example="cuvee inspect pool", page="docs/formats.md")
def inspect(
    data: o.Data,
    *,
    near: o.Near = 0.8,
    model: str | None = None,
    max_length: int = 0,
    columns: o.Columns = "",
    dialect: o.Dialect = None,
    strict: o.Strict = False,
    keep_special: o.KeepSpecial = False,
    row_mb: o.RowMb = 16,
    dry_run: o.DryRun = False,
    seed: o.Seed = 0,
    out: o.Out = Path("runs/inspect"),
) -> Result:
    """Profile a pool: dialects, rows, lengths, tasks, duplicates, broken rows. Nothing is chosen.

    Parameters
    ----------
    model:
        Say what a trainer will learn from the pool: a folder, a name of `cuvee models list`, or a hub id. Its tokenizer and
        chat template are read, no weights.
    max_length:
        Tokens of a row that the trainer keeps; 0: what the tokenizer reads.
    """
    from cuvee.intake.profile import InspectOptions, run_inspect
    from cuvee.intake.sources import ReadOptions

    read = ReadOptions(
        data=data, columns=columns, dialect=dialect, strict=strict, row_mb=row_mb, keep_special=keep_special
    )
    return run_inspect(
        InspectOptions(read=read, near=near, model=model, max_length=max_length, seed=seed), out=out, dry_run=dry_run
    )
