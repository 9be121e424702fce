"""``cuvee inspect``: what is in a pool."""

from pathlib import Path

from cuvee.result import Result


def inspect(
    data: list[str],
    *,
    near: float = 0.8,
    columns: str = "",
    dialect: str | None = None,
    strict: bool = False,
    dry_run: bool = False,
    seed: int = 0,
    out: Path = Path("runs/inspect"),
) -> Result:
    """Profile a pool: dialects, rows, lengths, tasks, duplicates, broken rows. Nothing is chosen.

    Parameters
    ----------
    data:
        Files, folders, globs, "-" for standard input, or a hub id.
    near:
        Share of word 3-grams (Jaccard) from which two rows count as near duplicates; 0 looks for none.
    columns:
        Where the columns have names of their own: "instruction=q,output=a".
    dialect:
        Read every row as this dialect.
    strict:
        Stop at the first row that cannot be read.
    dry_run:
        Say what would be read, and stop.
    seed:
        Of all chance.
    out:
        The run folder; it holds profile.json and, if there are any, quarantine.jsonl.
    """
    typed = dict(locals())
    from cuvee.intake.profile import run_inspect

    return run_inspect(**typed)
