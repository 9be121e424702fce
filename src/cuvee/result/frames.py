"""The files of a run folder, found through its manifest and read as polars tables."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cuvee.errors import InputError
from cuvee.loose_json import dumps, loosely

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

SELECTED = ("selected.jsonl", "selected.json", "selected.parquet")  # what the chosen rows may be called


def find(folder: Path, what: str, names: Sequence[str]) -> Path:
    """Return the one of these files that a run wrote.

    Raises InputError, which says what the run holds, where it wrote none of them, the folder is no run, or
    the file was changed since.
    """
    from cuvee.runs import manifest_of, output, outputs_of

    told = manifest_of(folder)
    if not told:
        raise InputError(f"{folder} is no run folder: it has no manifest.json", f"only a run holds {what}")
    written = outputs_of(folder)
    for name in names:
        if name in written and (path := output(folder, name)):
            return path
    holds = ", ".join(written) or "no files that its manifest lists"
    raise InputError(f"this run of `cuvee {told.get('verb', '?')}` has no {what}", f"{folder} holds {holds}")


def read(path: Path) -> "pl.DataFrame":
    """Return a Parquet, JSONL or JSON file as a table: a column for each key, null where a row lacks it.

    Of JSON, a column whose values differ in type holds their JSON text, so that nothing is turned into something else.
    """
    import polars as pl

    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    found = loosely(path.read_bytes()) if path.suffix == ".json" else _lines(path)
    rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    keys = dict.fromkeys(key for row in rows for key in row)
    return pl.DataFrame({key: pl.from_arrow(_column([row.get(key) for row in rows])) for key in keys})


def _lines(path: Path) -> list[object]:
    with path.open("rb") as lines:  # of bytes, which no U+2028 ends
        return [loosely(line) for line in lines if line.strip()]


def _column(values: list[object]) -> "pa.Array":
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeEncodeError):
        return pa.array([None if value is None else dumps(value) for value in values])
