"""One file, whole or not at all, the same bytes each time, and loadable by ``datasets``."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cuvee.errors import ConfigError, InputError
from cuvee.samples.dialects import DIALECTS
from cuvee.samples.read import read
from cuvee.samples.schema import SAMPLE
from cuvee.samples.write import one_line, write

PLAIN = [name for name in DIALECTS if name not in ("messages", "sharegpt", "turns")]  # no tool calls, objects


def table_of(rows: Sequence[Any], folder: Path) -> pa.Table:
    path = folder / "pool.json"  # an array: a line that is a list would be taken for one
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    reading = read(path)
    table = pa.Table.from_batches(reading.batches(), SAMPLE)
    assert not reading.quarantined
    return table


def loaded(path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Load a file the way a trainer does: the hub is off, the cache is the test's own."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    kind = "parquet" if path.suffix == ".parquet" else "json"
    return datasets.load_dataset(kind, data_files=str(path), split="train", cache_dir=str(folder / "cache"))


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(part) for key, part in value.items() if part is not None}
    return [without_nulls(part) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize("file", ["jsonl", "json", "parquet"])
@pytest.mark.parametrize("format", ["messages", "sharegpt", "alpaca", "prompt-completion"])
def test_datasets_loads_what_was_written(
    format: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = list(DIALECTS) if format in ("messages", "sharegpt") else PLAIN
    table = table_of([DIALECTS[name].example for name in names], tmp_path)
    rows = np.arange(table.num_rows)[::-1].copy()
    path = write(table, rows, tmp_path / f"out.{file}", format=format, file=file)
    data = loaded(path, tmp_path, monkeypatch)
    assert data["id"] == [table["id"][int(at)].as_py() for at in rows]
    if file != "parquet":
        text = path.read_text()
        expected = json.loads(text) if file == "json" else [json.loads(line) for line in text.splitlines()]
        assert [without_nulls(row) for row in data] == [without_nulls(row) for row in expected]
    elif format == "messages":
        answers = [next(t for t in reversed(row["messages"]) if t["role"] == "assistant")["content"] for row in data]
        assert answers == [turns[-1]["content"] for turns in table["messages"].take(pa.array(rows)).to_pylist()]


@pytest.mark.parametrize("dialect", PLAIN)
def test_same_loads_in_every_file(dialect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row: Any = DIALECTS[dialect].example
    table = table_of([row, {**row, "note": "second"}], tmp_path)
    rows = np.arange(table.num_rows)
    for file in ("jsonl", "parquet"):
        data = loaded(write(table, rows, tmp_path / f"out.{file}", file=file), tmp_path, monkeypatch)
        assert len(data) == table.num_rows and set(row) <= set(data.column_names)
        assert data["note"][0] is None and data["note"][-1] == "second"


def test_tool_calls_in_parquet_keep_their_own_arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def row(name: str, arguments: Any) -> dict[str, Any]:
        function = {"name": name, "arguments": arguments}
        called = {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "function": function}]}
        turns = [{"role": "user", "content": "go"}, called]
        return {"messages": turns, "tools": [{"name": name, "parameters": {"properties": {name: {"type": "int"}}}}]}

    table = table_of([row("f", {"a": 1}), row("g", {"b": "x"}), row("h", '{"c": 2}')], tmp_path)
    path = write(table, np.arange(3), tmp_path / "out.parquet", format="messages", file="parquet")
    data = loaded(path, tmp_path, monkeypatch)
    arguments = [json.loads(r["messages"][1]["tool_calls"][0]["function"]["arguments"]) for r in data]
    assert arguments == [{"a": 1}, {"b": "x"}, {"c": 2}]
    assert [list(json.loads(r["tools"])[0]["parameters"]["properties"]) for r in data] == [["f"], ["g"], ["h"]]


def test_columns_whose_types_differ_hold_json_text_and_say_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="cuvee")
    base = {"prompt": "p", "completion": "c"}
    rows = [{**base, "n": 1, "meta": {"a": 1}, "x": 1}, {**base, "n": "one", "meta": {"b": 2}, "x": 0.5, "late": True}]
    table = table_of(rows, tmp_path)
    path = write(table, np.arange(2), tmp_path / "out.parquet", file="parquet")
    found = pq.read_table(path)
    assert [json.loads(value) for value in found["n"].to_pylist()] == [1, "one"]
    assert [json.loads(value) for value in found["meta"].to_pylist()] == [{"a": 1}, {"b": 2}]
    assert found["x"].to_pylist() == [1.0, 0.5] and found["late"].to_pylist() == [None, True]
    assert found.schema.metadata[b"note"].endswith(b"n, meta") and "n, meta" in caplog.text


def test_alpaca_refuses_tool_calls_before_anything_is_written(tmp_path: Path) -> None:
    table = table_of([DIALECTS[name].example for name in ("messages", "alpaca", "sharegpt")], tmp_path)
    old = tmp_path / "out.jsonl"
    old.write_text("old")
    with pytest.raises(InputError, match="cannot hold 2 rows: 2 call tools") as refused:
        write(table, np.arange(3), old, format="alpaca")
    assert "--format messages" in refused.value.hint
    assert old.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "pool.json"]


def test_rows_that_do_not_fit_are_counted_by_reason(tmp_path: Path) -> None:
    def row(*roles: str) -> dict[str, Any]:
        return {"messages": [{"role": role, "content": "x"} for role in roles]}

    table = table_of([row("user"), row("user", "user", "assistant"), row("user", "assistant")], tmp_path)
    with pytest.raises(InputError, match="2 are not user and assistant by turns"):
        write(table, np.arange(3), tmp_path / "a", format="alpaca")
    with pytest.raises(InputError, match="1 do not end in an answer"):
        write(table, np.arange(3), tmp_path / "a", format="prompt-completion")
    image = {"type": "image_url", "image_url": {"url": "x.png"}}
    parts = [
        {"role": "user", "content": [image, {"type": "text", "text": "what?"}]},
        {"role": "assistant", "content": "a"},
    ]
    table = table_of([{"messages": parts}], tmp_path)
    with pytest.raises(InputError, match="1 hold images"):
        write(table, np.arange(1), tmp_path / "a", format="alpaca")
    kept = json.loads(write(table, np.arange(1), tmp_path / "a.jsonl", format="messages").read_text())
    assert kept["images"] == ["x.png"] and kept["messages"] == [{"role": "user", "content": "<image>what?"}, parts[1]]


def test_made_rows_have_no_raw_row(tmp_path: Path) -> None:
    table = table_of([{"prompt": "p", "completion": "c"}], tmp_path)
    made = table.set_column(table.column_names.index("raw"), "raw", pa.array([None], pa.binary()))
    with pytest.raises(InputError, match="were made, not read"):
        write(made, np.arange(1), tmp_path / "a")
    assert write(made, np.arange(1), tmp_path / "a", format="messages").exists()


def test_prompt_completion_is_strings_only_where_all_rows_are(tmp_path: Path) -> None:
    single, many = {"prompt": "p", "completion": "c"}, DIALECTS["alpaca"].example
    table = table_of([single, many], tmp_path)
    alone = json.loads(write(table, np.array([0]), tmp_path / "a", format="prompt-completion").read_text())
    assert (alone["prompt"], alone["completion"]) == ("p", "c")
    both = [json.loads(line) for line in write(table, np.arange(2), tmp_path / "a", format="prompt-completion").open()]
    assert both[0]["prompt"] == [{"role": "user", "content": "p"}]
    assert [turn["role"] for turn in both[1]["prompt"]] == ["system", "user", "assistant", "user"]
    assert both[1]["completion"] == [{"role": "assistant", "content": "Paris"}]


def test_alpaca_has_history_and_system_and_says_what_it_leaves_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="cuvee")
    weighted = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "weight": 0}]}
    table = table_of([DIALECTS["alpaca"].example, weighted], tmp_path)
    first, second = (json.loads(line) for line in write(table, np.arange(2), tmp_path / "a", format="alpaca").open())
    assert first["instruction"] == "Name the capital.\n\nFrance" and first["input"] == ""
    assert first["history"] == [["Name a river.", "The Seine"]] and first["system"] == "Be brief."
    assert (second["instruction"], second["output"], second["history"], second["system"]) == ("a", "b", [], "")
    assert "no place for 'weight': left out of 1 rows" in caplog.text


def test_every_row_has_the_same_keys_in_the_same_order(tmp_path: Path) -> None:
    table = table_of([DIALECTS[name].example for name in ("question-answer", "messages", "nemotron", "flan")], tmp_path)
    rows = [json.loads(line) for line in write(table, np.arange(4), tmp_path / "a", format="messages").open()]
    expected = ("id", "messages", "reasoning", "generator", "tools", "source", "task", "license")
    assert {tuple(row) for row in rows} == {expected}
    assert rows[0]["tools"] is None and rows[2]["license"] == "cc-by-4.0"


@pytest.mark.parametrize("file", ["jsonl", "json", "parquet"])
@pytest.mark.parametrize("format", ["same", "messages"])
def test_same_bytes_and_no_rows(format: str, file: str, tmp_path: Path) -> None:
    table = table_of([{"prompt": f"p{at}", "completion": "c", "n": at} for at in range(5000)], tmp_path)
    rows = np.random.default_rng(1).permutation(5000)[:4500]
    one, two = (write(table, rows, tmp_path / name, format=format, file=file) for name in ("a", "b"))
    assert one.read_bytes() == two.read_bytes()
    empty = write(table, rows[:0], tmp_path / f"none.{file}", format=format, file=file)
    if file == "parquet":
        assert pq.read_table(one).num_rows == 4500 and pq.read_table(empty).num_rows == 0
    else:
        assert empty.read_text() == {"jsonl": "", "json": "[]\n"}[file]


def test_unknown_names_are_refused(tmp_path: Path) -> None:
    table = table_of([{"prompt": "p", "completion": "c"}], tmp_path)
    with pytest.raises(ConfigError, match="format 'mesages'"):
        write(table, np.arange(1), tmp_path / "a", format="mesages")
    with pytest.raises(ConfigError, match="kind of file 'csv'"):
        write(table, np.arange(1), tmp_path / "a", file="csv")


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b'{"a": 1}', b'{"a": 1}'),
        (b'{\n  "a": [\r\n\t1,\n  2 ]\n}', b'{"a": [1,2 ]}'),
        (b'{"a": "x  \\n  y",\n "b\\\\": "\\""\n}', b'{"a": "x  \\n  y","b\\\\": "\\""}'),
        (b'{"a": "raw \n  break"}', b'{"a": "raw \\n  break"}'),  # strict JSON forbids it, the reader lets it through
    ],
)
def test_one_line(raw: bytes, line: bytes) -> None:
    assert one_line(raw) == line
    assert json.loads(line) == json.loads(raw, strict=False)
