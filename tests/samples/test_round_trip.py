"""What one dialect said is what another dialect says after it was written: turns, tools and the columns beside them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cuvee.cleaners.special import unmarked
from cuvee.samples.dialects import DIALECTS
from cuvee.samples.dialects.cells import opened
from cuvee.samples.formats import FORMATS
from cuvee.samples.read import read
from cuvee.samples.schema import SAMPLE
from cuvee.samples.write import write

BESIDE = ("id", "source", "task", "license")


def read_again(path: Path) -> pa.Table:
    reading = read(path)
    table = pa.Table.from_batches(reading.batches(), SAMPLE)
    assert not reading.quarantined
    return table


def table_of(rows: Sequence[Any], folder: Path) -> pa.Table:
    path = folder / "pool.json"  # an array: a line that is a list would be taken for one
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return read_again(path)


def every(table: pa.Table) -> Any:
    return np.arange(table.num_rows, dtype=np.int64)


def said(table: pa.Table) -> list[list[tuple[str, str | None, Any]]]:
    """The turns; an answer without the end-of-text mark, which reading takes off (but not of ``segments``)."""
    return [
        [(t["role"], _text(t), json.loads(t["extra"]) if t["extra"] else {}) for t in messages]
        for messages in table["messages"].to_pylist()
    ]


def _text(turn: Any) -> str | None:
    said: str | None = turn["content"]
    return unmarked(said)[0] if turn["role"] == "assistant" and said else said


def tools(table: pa.Table) -> list[Any]:
    return [opened(value) for value in table["tools"].to_pylist()]


def spoken(table: pa.Table) -> list[list[tuple[str, str, list[Any]]]]:
    """The turns as ShareGPT can hold them: text, and the name and arguments of calls."""
    return [
        [
            (role, content or "", [_call(c["function"]) for c in extra.get("tool_calls", [])])
            for role, content, extra in row
        ]
        for row in said(table)
    ]


def _call(function: Any) -> tuple[str, Any]:
    return function["name"], opened(function["arguments"])


@pytest.mark.parametrize("file", ["jsonl", "json"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_messages_keep_everything(dialect: str, file: str, tmp_path: Path) -> None:
    table = table_of([DIALECTS[dialect].example], tmp_path)
    assert set(table["dialect"].to_pylist()) == {dialect}
    again = read_again(write(table, every(table), tmp_path / f"out.{file}", format="messages", file=file))
    assert said(again) == said(table)
    assert tools(again) == tools(table)
    assert again.select(BESIDE).to_pylist() == table.select(BESIDE).to_pylist()
    if dialect != "segments":
        assert again["fingerprint"].to_pylist() == table["fingerprint"].to_pylist()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_sharegpt_keeps_what_is_said_and_called(dialect: str, tmp_path: Path) -> None:
    table = table_of([DIALECTS[dialect].example], tmp_path)
    again = read_again(write(table, every(table), tmp_path / "out.jsonl", format="sharegpt"))
    assert spoken(again) == spoken(table)
    assert tools(again) == tools(table)
    assert again.select(BESIDE).to_pylist() == table.select(BESIDE).to_pylist()


@pytest.mark.parametrize("format", ["alpaca", "prompt-completion"])
@pytest.mark.parametrize("dialect", sorted(set(DIALECTS) - {"messages", "sharegpt"}))
def test_formats_of_strings_keep_what_is_said(dialect: str, format: str, tmp_path: Path) -> None:
    table = table_of([DIALECTS[dialect].example], tmp_path)
    again = read_again(write(table, every(table), tmp_path / "out.jsonl", format=format))
    assert [[turn[:2] for turn in row] for row in said(again)] == [[turn[:2] for turn in row] for row in said(table)]
    assert again.select(BESIDE).to_pylist() == table.select(BESIDE).to_pylist()


def test_same_is_the_bytes_that_were_read(tmp_path: Path) -> None:
    rows = [
        DIALECTS[name].example for name in DIALECTS if name not in ("turns", "self-instruct", "oasst")
    ]  # a list; and one that splits
    lines = [json.dumps(row, ensure_ascii=at % 2 == 0, indent=None).encode() for at, row in enumerate(rows)]
    lines += [
        b'{"prompt":  "\\u00e9\\ud83d\\ude00",\t"completion":"1.0e3" ,"n": 1.50, "big": 123456789012345678901234567890}'
    ]
    (tmp_path / "pool.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    table = read_again(tmp_path / "pool.jsonl")
    order = np.random.default_rng(0).permutation(table.num_rows)
    out = write(table, order, tmp_path / "out.jsonl")
    assert out.read_bytes() == b"".join(lines[at] + b"\n" for at in order)
    array = write(table, order, tmp_path / "out.json", file="json").read_bytes()
    assert array == b"[\n" + b",\n".join(lines[at] for at in order) + b"\n]\n"


def test_a_row_over_several_lines_becomes_one(tmp_path: Path) -> None:
    alpaca: Any = DIALECTS["alpaca"].example
    rows = [
        {"instruction": 'a "b" \\ c', "input": "x\ny", "output": "é  \\n  z", "n": [1, {"k": []}]},
        {**alpaca},
    ]
    (tmp_path / "pool.json").write_text(json.dumps(rows, indent=4), encoding="utf-8")
    table = read_again(tmp_path / "pool.json")
    out = write(table, every(table), tmp_path / "out.jsonl")
    assert [json.loads(line) for line in out.read_bytes().splitlines()] == rows
    assert json.loads(write(table, every(table), tmp_path / "out.json", file="json").read_bytes()) == rows


turn_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
quoted = st.sampled_from(['"', "\\", "\n", "\r\n", "\u2028", "\x00", "{", "日本", "😀", " "])
content = st.builds(lambda a, b, c: a + b + c, turn_text, quoted, turn_text)
arguments = st.dictionaries(turn_text, st.none() | st.booleans() | st.integers() | turn_text, max_size=3)
call = st.fixed_dictionaries({
    "id": turn_text,
    "type": st.just("function"),
    "function": st.fixed_dictionaries({"name": st.just("f"), "arguments": st.just('{"a": 1}') | arguments}),
})  # fmt: skip
calls = st.lists(call, min_size=1, max_size=2)
answers = st.one_of(
    st.builds(lambda c: {"role": "assistant", "content": c}, content),
    st.builds(lambda c: {"role": "assistant", "content": None, "tool_calls": c}, calls),
)
conversation = st.lists(
    st.tuples(st.builds(lambda c: {"role": "user", "content": "q" + c}, content), answers), min_size=1, max_size=3
).map(lambda pairs: [turn for pair in pairs for turn in pair])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(conversation, min_size=1, max_size=3))
@example([[{"role": "user", "content": "q"}, {"role": "assistant", "content": 'say "\n\\n"\u2028'}]])
def test_any_text_survives_every_file(tmp_path: Path, rows: list[list[dict[str, Any]]]) -> None:
    table = table_of([{"messages": turns} for turns in rows], tmp_path)
    for file in ("jsonl", "json", "parquet"):
        again = read_again(write(table, every(table), tmp_path / f"out.{file}", format="messages", file=file))
        if file == "parquet":  # arguments are JSON text there
            assert spoken(again) == spoken(table)
        else:
            assert said(again) == said(table)


def test_every_format_is_tested_here() -> None:
    assert set(FORMATS) == {"same", "messages", "sharegpt", "alpaca", "prompt-completion", "dpo", "kto"}


@pytest.mark.parametrize("file", ["jsonl", "json", "parquet"])
def test_a_pair_comes_back_whole(file: str, tmp_path: Path) -> None:
    talk = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "x"}, {"role": "user", "content": "r"}]
    whole = {name: [*talk, {"role": "assistant", "content": name}] for name in ("chosen", "rejected")}
    pairs: list[Any] = [DIALECTS["preference"].example, {**whole, "score_chosen": 2.0, "score_rejected": 0.5}]
    (tmp_path / "pool.json").write_text(json.dumps(pairs))
    table = read_again(tmp_path / "pool.json")
    again = read_again(write(table, np.arange(2), tmp_path / f"out.{file}", format="dpo", file=file))
    for column in ("messages", "rejected", "margin", "fingerprint"):
        assert again[column].to_pylist() == table[column].to_pylist()
    singles = read_again(write(table, np.arange(2), tmp_path / f"kto.{file}", format="kto", file=file))
    last = [row[-1]["content"] for row in singles["messages"].to_pylist()]
    assert last == ["Good morning!", "No.", "chosen", "rejected"]
    assert [json.loads(told)["label"] for told in singles["along"].to_pylist()] == [True, False] * 2
