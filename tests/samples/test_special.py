"""End marks come off the tail of answers and nothing else does, in samples and in raw rows."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from cuvee.cleaners.special import ENDS, inside, unmarked
from cuvee.samples.read import read
from cuvee.samples.schema import SAMPLE
from cuvee.samples.special import without
from cuvee.samples.write import write


@pytest.mark.parametrize("mark", ENDS)
def test_every_mark_comes_off_the_tail(mark: str) -> None:
    assert unmarked(f"Yes.{mark}") == ("Yes.", [mark])
    assert unmarked(f"Yes. {mark}\n{mark} ") == ("Yes. ", [mark, mark])
    assert unmarked(f"{mark} stays inside") == (f"{mark} stays inside", [])
    assert mark in inside(f"a {mark} b")


def test_html_and_plain_text_stay() -> None:
    for text in ("<s>struck out</s>", "a > b", "x ", "", "<b>bold</b>", "a <- b", "f(x) |> g", "[INSTALL] a <br> b"):
        assert unmarked(text) == (text, []) and inside(text) == []
    assert inside("<s>[INST] hi [/INST]") == ["<s>", "[INST]", "[/INST]"]


RAW = [
    '{"prompt": "caf\\u00e9 </s>", "completion": "Yes.<|endoftext|>",  "n": 1.50}',
    '{"prompt": "q", "completion": "<\\u007cendoftext|> in\\n\\u00e9 <|endoftext|>\\n"}',
    '{"prompt": "q", "completion": "no mark"}',
]
PLAIN = [
    '{"prompt": "caf\\u00e9 </s>", "completion": "Yes.",  "n": 1.50}',
    '{"prompt": "q", "completion": "<\\u007cendoftext|> in\\n\\u00e9 "}',
    RAW[2],
]


def table_of(folder: Path, *, keep_special: bool = False) -> pa.Table:
    (folder / "pool.jsonl").write_text("\n".join(RAW))
    return pa.Table.from_batches(read(folder / "pool.jsonl", keep_special=keep_special).batches(), SAMPLE)


def test_the_raw_row_loses_the_marks_and_no_other_byte(tmp_path: Path) -> None:
    table = table_of(tmp_path)
    assert table["stripped"].to_pylist() == ["<|endoftext|>", "<|endoftext|>", None]
    assert table["raw"].to_pylist() == [row.encode() for row in RAW]
    out = write(table, np.arange(3), tmp_path / "out.jsonl")
    assert out.read_text().splitlines() == PLAIN
    parquet = write(table, np.arange(3), tmp_path / "out.parquet", file="parquet")
    assert pa.parquet.read_table(parquet)["completion"].to_pylist() == [json.loads(row)["completion"] for row in PLAIN]


def test_keep_special_keeps_all(tmp_path: Path) -> None:
    table = table_of(tmp_path, keep_special=True)
    assert table["stripped"].null_count == 3
    assert table["messages"][0].as_py()[1]["content"] == "Yes.<|endoftext|>"
    assert write(table, np.arange(3), tmp_path / "out.jsonl").read_text().splitlines() == RAW


def test_marks_in_json_text_and_escaped_marks_come_off_too() -> None:
    told = [{"role": "user", "content": "q</s>"}, {"role": "assistant", "content": "Yes.</s>"}]
    mended = json.loads(without(json.dumps({"messages": json.dumps(told)}).encode(), {"Yes."}))
    assert json.loads(mended["messages"]) == [told[0], {"role": "assistant", "content": "Yes."}]
    assert without(b'{"a": "x\\u003c/s\\u003e", "b": "x</s>"}', {"x"}) == b'{"a": "x", "b": "x"}'
    assert without(b'{"a": "other</s>"}', {"x"}) == b'{"a": "other</s>"}'
