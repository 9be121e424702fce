"""What the ledger says of a distillation: weak rows live on in their new row, or it says why not."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from cuvee.distillation.merge import Distilled, Merged

STAGE = "distill"
NOT_ASKED = "not put to the distiller"
UNRATED = "no rating"
INTO = "distilled into one row with others of its cluster"


@dataclass(frozen=True)
class _Fate:
    """What became of a row of the source. child: id of the new row that it lives on in, None where there is none."""

    row: int
    reason: str
    child: str | None = None


def correct(done: Distilled, merged: Merged, ledger: pa.Table) -> pa.Table:
    """Return the ledger with what only a distillation knows of its rows; a row that was chosen stays as it is."""
    columns = {name: ledger[name].to_pylist() for name in ("status", "stage", "reason", "related")}
    for fate in _fates(done, merged):
        if columns["status"][fate.row] != "kept":
            columns["status"][fate.row] = "merged" if fate.child else "dropped"
            columns["stage"][fate.row] = STAGE
            columns["reason"][fate.row], columns["related"][fate.row] = fate.reason, fate.child
    for name, values in columns.items():
        ledger = ledger.set_column(ledger.schema.get_field_index(name), name, pa.array(values, pa.string()))
    return ledger


def _fates(done: Distilled, merged: Merged) -> Iterator[_Fate]:
    """Yield the fate of every weak and every unrated row."""
    alive = done.ground.alive
    children = merged.outcome.source.table["id"].slice(done.ground.source.table.num_rows).to_pylist()
    for one, child in zip(merged.new.rows, children, strict=True):
        for row in alive[one.draft.rows].tolist():
            yield _Fate(row, INTO, child)
    for aside in merged.new.aside:
        for row in alive[aside.rows].tolist():
            yield _Fate(row, f"kept aside: {aside.why}")
    for row in alive[done.left].tolist():
        yield _Fate(row, NOT_ASKED)
    for row in alive[done.parts.unrated].tolist():
        yield _Fate(row, UNRATED)
