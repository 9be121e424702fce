"""``cuvee inspect``: what is in a pool."""

from pathlib import Path

from cuvee.result import Result
from cuvee.verbs import options as o
from cuvee.verbs.face import verb


@verb("inspect")
def inspect(
    data: o.Data,
    *,
    near: float = 0.8,
    model: str | None = None,
    max_length: int = 0,
    columns: o.Columns = "",
    dialect: o.Dialect = None,
    strict: o.Strict = False,
    dry_run: bool = False,
    seed: o.Seed = 0,
    out: Path = Path("runs/inspect"),
) -> Result:
    """Profile a pool: dialects, rows, lengths, tasks, duplicates, broken rows. Nothing is chosen.

    Parameters
    ----------
    near:
        Share of word 3-grams (Jaccard) from which two rows count as near duplicates; 0 looks for none.
    model:
        Say what a trainer will learn from the pool: a folder, a name of `cuvee models list`, or a hub id. Its tokenizer and
        chat template are read, no weights.
    max_length:
        Tokens of a row that the trainer keeps; 0: what the tokenizer reads.
    dry_run:
        Say what would be read, and stop.
    out:
        The run folder; it holds profile.json and, if there are any, quarantine.jsonl; with --model
        also tokens.parquet, a line for each row.
    """
    from cuvee.intake.profile import InspectOptions, run_inspect
    from cuvee.intake.sources import ReadOptions

    read = ReadOptions(data=data, columns=columns, dialect=dialect, strict=strict)
    return run_inspect(
        InspectOptions(read=read, near=near, model=model, max_length=max_length, seed=seed), out=out, dry_run=dry_run
    )
