"""Samples column by column: what goes in comes out of the batch, and the next batch begins empty."""

import json
from typing import Any

from cuvee.samples.columns import Columns, Place
from cuvee.samples.schema import SAMPLE, Sample, Turn

TALK = Sample(
    (
        Turn("user", "q é😀"),
        Turn("assistant", None, {"tool_calls": [{"n": 2**70, "f": float("nan")}]}),
        Turn("tool", ""),
    ),
    task="sums",
    license="mit",
    tools=[{"name": "f", "parameters": {}}],
)
SHORT = Sample((Turn("assistant", "a"),), tools='[{"kept": "as text"}]')


def place(at: int) -> Place:
    return Place(f"id{at}", "source", "file.json", at, "messages", b'{"raw": %d}' % at, bytes([at]) * 16)


def test_rows_and_columns() -> None:
    columns = Columns()
    columns.add(TALK, place(1))
    columns.add(SHORT, place(2))
    assert len(columns) == 2 and columns.bytes == 2 * (len(place(1).raw) + len(place(2).raw))
    batch = columns.pop()
    assert batch.schema == SAMPLE and batch.validate(full=True) is None
    first, second = batch.to_pylist()
    turns = first.pop("messages")
    assert [(turn["role"], turn["content"]) for turn in turns] == [("user", "q é😀"), ("assistant", None), ("tool", "")]
    assert [turn["extra"] is None for turn in turns] == [True, False, True]
    assert str(2**70) in turns[1]["extra"]
    assert json.loads(first.pop("tools")) == TALK.tools
    expected: list[object] = [
        "id1",
        "source",
        "sums",
        "mit",
        "file.json",
        1,
        "messages",
        b'{"raw": 1}',
        b"\x01" * 16,
        *[None] * 4,
        [],
    ]
    assert list(first.values()) == expected
    assert second["messages"] == [{"role": "assistant", "content": "a", "extra": None}]
    assert (second["tools"], second["task"], second["license"]) == (SHORT.tools, None, None)


def test_batches_share_nothing() -> None:
    columns = Columns()
    columns.add(TALK, place(1))
    first = columns.pop()
    assert len(columns) == columns.bytes == 0
    columns.add(SHORT, place(2))
    assert columns.pop()["id"].to_pylist() == ["id2"] and first["id"].to_pylist() == ["id1"]


def test_a_sample_that_cannot_be_written_leaves_no_trace() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    columns = Columns()
    columns.add(SHORT, place(1))
    for bad in (
        Sample((Turn("user", "x"), Turn("user", "y", {"deep": deep}))),
        Sample((Turn("user", "x"),), tools=deep),
    ):
        try:
            columns.add(bad, place(2))
        except RecursionError:
            continue
        raise AssertionError("it was written")
    columns.add(SHORT, place(3))
    batch = columns.pop()
    assert batch["id"].to_pylist() == ["id1", "id3"] and [len(turns) for turns in batch["messages"].to_pylist()] == [
        1,
        1,
    ]
