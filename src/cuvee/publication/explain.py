"""Explain: one row of a run, from the ledger, with its text and its nearest kept neighbour."""

import difflib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cuvee.arrays import F32
from cuvee.errors import InputError
from cuvee.result.summary import RepeatedRow, WhyRow
from cuvee.runs import WORK
from cuvee.samples import ledger as ledgers


def explain(run: Path, row_id: str) -> WhyRow:
    """Return the row's ledger entry, its text, what it repeats, the rows it was made from, and the kept row nearest to it.

    Raises InputError for an unknown id.
    """
    ledger = ledgers.read(run)
    at = _find(ledger, row_id)
    entry = {key: value for key, value in ledger.slice(at, 1).to_pylist()[0].items() if value not in (None, [])}
    points = pq.read_table(run / "map.parquet", columns=["id", "text"], memory_map=True)
    texts = dict(zip(points["id"].to_pylist(), points["text"].to_pylist(), strict=True))
    found: WhyRow = {"entry": entry, "text": texts.get(entry["id"], "")}
    if entry.get("parents"):
        found["parents"] = [{"id": name, "text": texts.get(name, "")} for name in entry["parents"]]
    if entry.get("related"):
        found["repeats"] = _related(str(entry["related"]), texts, ledger)
    neighbour = _nearest_kept(run, ledger, at)
    if neighbour is not None:
        name, cosine = neighbour
        found["nearest"] = {"id": name, "cosine": cosine, "text": texts.get(name, "")}
    return found


def _related(name: str, texts: Mapping[str, str], ledger: pa.Table) -> RepeatedRow:
    """Return the row that another repeats, with what became of it; or the evaluation item that it holds."""
    ids = ledger["id"].to_pylist()
    if name not in texts or name not in ids:
        return {"id": "", "text": name, "fate": "an evaluation item"}
    row = ledger.slice(ids.index(name), 1).to_pylist()[0]
    fate = f"kept, rank {row['rank']}" if row["rank"] else f"{row['status']} at {row['stage']}: {row['reason']}"
    return {"id": name, "text": texts[name], "fate": fate}


def _find(ledger: pa.Table, row_id: str) -> int:
    ids: list[str] = ledger["id"].to_pylist()
    if row_id in ids:
        return ids.index(row_id)
    file, _, line = row_id.rpartition(":")
    for row, (name, number) in enumerate(zip(ledger["file"].to_pylist(), ledger["line"].to_pylist(), strict=True)):
        if line == str(number) and file and name.endswith(file):
            return row
    near = difflib.get_close_matches(row_id, ids[:200_000], n=1)
    hint = f"did you mean {near[0]!r}?" if near else "ids stand in ledger.parquet; FILE:LINE works too"
    raise InputError(f"no row {row_id!r} in this run", hint)


def _nearest_kept(run: Path, ledger: pa.Table, at: int) -> tuple[str, float] | None:
    """Return id and cosine of the nearest other kept row; of a row without a vector, that of the row it repeats."""
    vectors = next((run / WORK).glob("embed-*/vectors.npy"), None)
    if vectors is None:
        return None
    X: F32 = np.load(vectors, mmap_mode="r")
    ids = ledger["id"].to_pylist()
    place = _embedded(run)
    row = at if at in place else _row_of(ids, ledger["related"][at].as_py())
    if row is None or row not in place:
        return None
    rank = np.nan_to_num(ledger["rank"].to_numpy(zero_copy_only=False).astype(np.float64))
    kept = [int(other) for other in np.flatnonzero(rank > 0) if other != at and other in place]
    if not kept:
        return None
    cosines = X[[place[other] for other in kept]] @ X[place[row]]
    best = int(cosines.argmax())
    return ids[kept[best]], float(cosines[best])


def _embedded(run: Path) -> dict[int, int]:
    """Return ledger row -> row of vectors.npy: the rows that stood after cleaning by text, in order."""
    import pyarrow.feather as feather

    table = feather.read_table(next((run / WORK).glob("clean-*/clean.arrow")), memory_map=True)
    alive = np.flatnonzero(table["stage"].is_null().to_numpy())
    return {int(row): at for at, row in enumerate(alive)}


def _row_of(ids: list[str], name: str | None) -> int | None:
    return ids.index(name) if name in ids else None
