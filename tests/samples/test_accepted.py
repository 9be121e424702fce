"""What the reader accepts, every writer can write, and what is written is read again, for every trainer's files too."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cuvee.samples.formats import FORMATS
from cuvee.samples.layouts import layout, read_rows
from cuvee.samples.read import read
from cuvee.samples.schema import SAMPLE
from cuvee.samples.trainers import trainer_files
from cuvee.samples.write import write

DEEP = "[" * 250 + "]" * 250
ODD: dict[str, bytes] = {  # what strict JSON refuses, and what libraries stumble over
    "tab": b'{"instruction": "a\tb", "output": "c"}',
    "bell": b'{"instruction": "a\x07b\x00", "output": "c"}',
    "latin-1": b'{"instruction": "caf\xe9", "output": "c"}',
    "half a character": b'{"instruction": "a\xf0\x9f\x98", "output": "c"}',
    "lone surrogate": b'{"instruction": "a\\ud800b", "output": "c"}',
    "surrogate in a key": b'{"instruction": "a", "output": "c", "k\\udfff": 1}',
    "5,000 digits": b'{"instruction": "a", "output": "c", "n": ' + b"7" * 5_000 + b"}",
    "3,999 digits": b'{"instruction": "a", "output": ' + b"7" * 3_999 + b"}",
    "65 bits": b'{"instruction": "a", "output": "c", "n": 18446744073709551616}',
    "NaN": b'{"instruction": "a", "output": "c", "n": NaN, "m": -Infinity, "big": [NaN, 99999999999999999999999]}',
    "1e999": b'{"instruction": "a", "output": "c", "n": 1e999}',
    "twice": b'{"instruction": "x", "instruction": "a", "output": "c", "output": "d"}',
    "deep": b'{"instruction": "a", "output": "c", "deep": ' + DEEP.encode() + b"}",
    "deep in a turn": b'{"messages": [{"role": "user", "content": "q", "deep": %b}, {"role": "assistant", "content": "a"}]}'
    % DEEP.encode(),
    "no name": b'{"instruction": "a", "output": "c", "": {"": {}}}',
    "NUL in a key": b'{"instruction": "a", "output": "c", "k\\u0000": 1, "k.l": 2, "a[]": 3}',
    "tools that are none": b'{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], '
    b'"tools": "x"}',
    "Python's calls": b'{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": null, '
    b"\"tool_calls\": \"[{1: (2, None), 'name': 'f'}]\"}]}",
    "lists as cells": b'{"instruction": ["a", "b"], "output": ["c", "d"]}',
    "unlike lists": b'{"instruction": "a", "output": "c", "l": [1, "x", [2.5], {"k": null}]}',
    "line separators": '{"instruction": "a\u2028b\x85c", "output": "c"}'.encode(),
    "emoji": '{"instruction": "😀\\ud83d\\ude00", "output": "c"}'.encode(),
}
PLAIN = b'{"instruction": "plain", "output": "answer"}'


def table_of(data: bytes, path: Path) -> pa.Table:
    path.write_bytes(data)
    reading = read(path)
    table = pa.Table.from_batches(reading.batches(), SAMPLE)
    assert not reading.quarantined, reading.quarantined
    return table


def contents(table: pa.Table) -> list[list[str | None]]:
    return [[turn["content"] for turn in turns] for turns in table["messages"].to_pylist()]


@pytest.mark.parametrize("file", ["jsonl", "json", "parquet"])
@pytest.mark.parametrize("format", [name for name in FORMATS if name not in ("dpo", "kto")])  # those want pairs
@pytest.mark.parametrize("name", ODD)
def test_what_was_read_is_written_and_read_again(name: str, format: str, file: str, tmp_path: Path) -> None:
    table = table_of(PLAIN + b"\n" + ODD[name] + b"\n" + PLAIN + b"\n", tmp_path / "pool.jsonl")
    rows = np.array([1, 0] if name != "Python's calls" or format != "alpaca" else [0], dtype=np.int64)
    path = write(table, rows, tmp_path / f"out.{file}", format=format, file=file)
    found = trainer_files(tmp_path, data_file=path.name, format=format, dialects=["alpaca"])
    assert found and all(one.read_text() for one in found)
    assert len([*read_rows(path)]) == len(rows)
    layout(path)
    again = table_of(path.read_bytes(), tmp_path / f"again.{file}")
    said = [turn for turn in contents(table)[rows[0]] if turn] if format == "alpaca" else contents(table)[rows[0]]
    if (name, format, file) == ("lists as cells", "same", "parquet"):
        said = ['["c","d"]']  # a column whose values differ in type holds JSON text
    assert [turn or "" for turn in contents(again)[0]][-1] == (said[-1] or "")
    if file == "parquet":
        assert pq.read_table(path).num_rows == len(rows)
    elif format != "same":
        json.loads(path.read_bytes() if file == "json" else path.read_bytes().splitlines()[0], parse_constant=refuse)


def refuse(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")
