"""What fell, and why: per reason how many rows, with examples and what they repeat."""

from collections import Counter
from typing import TypedDict

import pyarrow as pa
import pyarrow.compute as pc

from cuvee.intake.read import Source
from cuvee.result.measures import DropExample, DropRow

EXAMPLES = 5  # dropped rows shown per reason


def drops(source: Source, ledger: pa.Table) -> list[DropRow]:
    """Return per stage and kind of reason how many rows fell, with examples and what they repeat."""
    fallen = ledger.filter(pc.and_(pc.not_equal(ledger["status"], "kept"), pc.not_equal(ledger["stage"], "select")))
    groups: dict[tuple[str, str], list[LedgerRow]] = {}
    columns = ("id", "stage", "reason", "related", "file", "line")
    for row in fallen.select(columns).to_pylist():
        groups.setdefault((row["stage"], _kind(row["reason"])), []).append(row)
    order = Counter({key: len(rows) for key, rows in groups.items()})
    texts = _Texts(source)
    return [
        {
            "stage": key[0],
            "reason": key[1],
            "rows": rows,
            "examples": [texts.example(row) for row in groups[key][:EXAMPLES]],
        }
        for key, rows in order.most_common()
    ]


def _kind(reason: str) -> str:
    """Return a reason without its figures: "near duplicate: 0.91 of ..." -> "near duplicate"."""
    return "holds an evaluation item" if "evaluation item" in reason else reason.split(":")[0]


class LedgerRow(TypedDict):
    """What the page shows of a row that fell."""

    id: str
    stage: str
    reason: str
    related: str | None
    file: str
    line: int


class _Texts:
    """Excerpts of rows by id."""

    def __init__(self, source: Source) -> None:
        self.messages = source.table["messages"]
        self.place = {name: row for row, name in enumerate(source.table["id"].to_pylist())}
        self.raw = {f"{row['file']}:{row['line']}": row["raw"][:300] for row in source.quarantined}

    def text(self, name: str | None) -> str | None:
        from cuvee import render

        if name not in self.place:
            return name
        return render.plain(self.messages[self.place[name]].as_py())[:300]

    def example(self, row: LedgerRow) -> DropExample:
        where = f"{row['file']}:{row['line']}"
        text = self.raw.get(where, "")[:300] if row["stage"] == "read" else self.text(row["id"])
        found: DropExample = {"id": row["id"], "text": text, "detail": f"{row['reason']} ({where})"}
        if row["related"]:
            found |= {"neighbour_id": row["related"], "neighbour_text": self.text(row["related"])}
        return found
