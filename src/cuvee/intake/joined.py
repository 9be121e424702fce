"""Batch files: the results of an API stand in one file, what was asked in another; ``custom_id`` says which belong together."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, TypedDict

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc as ipc

from cuvee import disk
from cuvee.loose_json import dumps, loads
from cuvee.runs import Run
from cuvee.samples.columns import Columns, Place
from cuvee.samples.dialects.batches import NAME
from cuvee.samples.normal import fingerprint
from cuvee.samples.rendering import turns
from cuvee.samples.schema import SAMPLE, Sample, SampleRow, Turn

ALONE = "a batch's result without the request that it answers: name the file of requests too"
NOTE = "results of a batch joined to the requests that they answer"


class Joined(NamedTuple):
    """The table after joining. aside: a file of lines put aside, None for none; alone: how many; joins: how many joined."""

    table: pa.Table
    aside: Path | None
    alone: int
    joins: int


class _Alone(TypedDict):
    file: str
    line: int
    reason: str
    raw: str


def joined(run: Run, table: pa.Table, depends: object) -> Joined:
    """Return the samples with each batch's results in the place of the requests that they answer.

    A request without a result stays as it is; a result without a request is put aside. A table without results stays as it is.
    """
    at = pc.indices_nonzero(pc.equal(table["dialect"], NAME))
    batch: list[SampleRow] = table.take(at).to_pylist() if len(at) else []
    if not any(_is_result(row) for row in batch):
        return Joined(table, None, 0, 0)

    def make(folder: Path) -> None:
        made, alone = _join(batch)
        keep = pc.invert(pc.equal(table["dialect"], NAME))
        with disk.create(folder / "samples.arrow") as out, ipc.new_file(out, SAMPLE) as sink:
            for part in [*table.filter(keep).to_batches(), *made.to_batches()]:
                sink.write_batch(part)
        with disk.create(folder / "quarantine.jsonl") as out:
            out.writelines(orjson.dumps(line) + b"\n" for line in alone)
        disk.write(folder / "counts.json", orjson.dumps([len(alone), len(batch) - made.num_rows - len(alone)]))

    step = run.step("join", {"read": depends}, make)
    alone, count = orjson.loads((step.path / "counts.json").read_bytes())
    whole = ipc.open_file(pa.memory_map(str(step.path / "samples.arrow"))).read_all()
    return Joined(whole, step.path / "quarantine.jsonl", alone, count)


def _is_result(row: SampleRow) -> bool:
    return all(turn["role"] == "assistant" for turn in row["messages"])


def _join(batch: list[SampleRow]) -> tuple[pa.Table, list[_Alone]]:
    results: dict[str, list[SampleRow]] = {}
    for row in batch:
        if _is_result(row):
            results.setdefault(row["id"], []).append(row)
    columns = Columns()
    for row in batch:
        if not _is_result(row):
            waiting = results.get(row["id"])
            _add(columns, row, waiting.pop(0) if waiting and _asks(row) else None)
    left = [row for rows in results.values() for row in rows]
    alone = [
        _Alone(file=row["file"], line=row["line"], reason=ALONE, raw=row["raw"].decode("utf-8", "replace"))
        for row in left
    ]
    table = pa.Table.from_batches([columns.pop()] if len(columns) else [], SAMPLE)
    return table, alone


def _asks(row: SampleRow) -> bool:
    return row["messages"][-1]["role"] != "assistant"


def _add(columns: Columns, request: SampleRow, result: SampleRow | None) -> None:
    """Add a request, answered where there is a result: then its raw row is one of the dialect ``messages``."""
    said = [*request["messages"], *(result["messages"] if result else [])]
    talk = tuple(Turn(turn["role"], turn["content"], _extra(turn["extra"])) for turn in said)
    dialect, raw = NAME, request["raw"]
    if result:
        whole: SampleRow = {**request, "messages": said}
        row: dict[str, object] = {"id": request["id"], "messages": turns(whole)}
        row |= {"tools": loads(request["tools"])} if request["tools"] else {}
        dialect, raw = "messages", dumps(row).encode()
    sample = Sample(talk, id=request["id"], task=request["task"], license=request["license"], tools=request["tools"])
    marks = result["stripped"] if result else None
    place = Place(
        id=request["id"],
        source=request["source"],
        file=request["file"],
        line=request["line"],
        dialect=dialect,
        raw=raw,
        fingerprint=fingerprint(talk),
        stripped=marks,
    )
    columns.add(sample, place)


def _extra(text: str | None) -> dict[str, object]:
    found: object = loads(text) if text else {}
    return dict(found) if isinstance(found, Mapping) else {}
