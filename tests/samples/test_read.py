"""Reading a file: what survives, what is put aside and why, and the traps of real data."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cuvee.errors import ConfigError, InputError
from cuvee.samples.read import Reading, read
from cuvee.samples.schema import SAMPLE

GOOD = '{"instruction": "a", "output": "b"}'
TALK = [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]
Said = list[list[tuple[str, str | None]]]


def read_text(text: str | bytes, folder: Path, name: str = "pool.jsonl", **options: Any) -> tuple[Reading, pa.Table]:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    reading = read(path, **options)
    return reading, pa.Table.from_batches(reading.batches(), SAMPLE)


def said(table: pa.Table) -> Said:
    return [[(turn["role"], turn["content"]) for turn in row] for row in table["messages"].to_pylist()]


def answers(rows: list[Any], folder: Path) -> list[str | None]:
    """The last turn of each row; nothing may be put aside."""
    reading, table = read_text("".join(json.dumps(row) + "\n" for row in rows), folder)
    assert not reading.quarantined
    return [row[-1][1] for row in said(table)]


def test_conversations_survive_whole(tmp_path: Path) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"x":  1}'}}
    turns: list[dict[str, Any]] = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "one"},
        {"role": "user", "content": "two"},
        {"role": "assistant", "content": None, "tool_calls": [call], "reasoning_content": "hm"},
        {"role": "tool", "tool_call_id": "c", "content": "3"},
        {"role": "system", "content": "Now in French."},
        {"role": "assistant", "content": "trois", "weight": 0},
        {"role": "user", "content": "trailing"},
    ]
    tools = [{"type": "function", "function": {"name": "f"}}]
    row = {"id": 7, "messages": turns, "tools": tools, "source": "s", "license": "mit", "category": "sums", "more": [1]}
    _, table = read_text(json.dumps(row), tmp_path, "pool.json")
    (found,) = table.to_pylist()
    assert said(table) == [[(turn["role"], turn["content"]) for turn in turns]]
    extra = [json.loads(turn["extra"]) if turn["extra"] else {} for turn in found["messages"]]
    assert extra[3] == {"tool_calls": [call], "reasoning_content": "hm"}
    assert extra[4] == {"tool_call_id": "c"} and extra[6] == {"weight": 0}
    assert json.loads(found["tools"]) == tools
    assert [found[key] for key in ("id", "source", "license", "task", "line")] == ["7", "s", "mit", "sums", 1]
    assert found["raw"] == json.dumps(row).encode() and found["parents"] == []


def test_what_a_row_does_not_say(tmp_path: Path) -> None:
    _, table = read_text(GOOD + "\n" + GOOD.replace("a", "A "), tmp_path, "my.pool.jsonl")
    one, two = table.to_pylist()
    assert one["id"] == one["fingerprint"].hex()[:16] == two["id"]  # by normalised content
    assert (one["source"], one["task"], one["license"], one["tools"]) == ("my.pool", None, None, None)


def test_ids_repeat_and_split(tmp_path: Path) -> None:
    rows: list[Any] = [{"id": name, "question": "q", "answer": "a"} for name in ("x", "x", 5, 5.0, "", None, True)]
    rows += [{"id": "s", "instruction": "i", "instances": [{"output": "1"}, {"output": "2"}]}]
    _, table = read_text(json.dumps(rows), tmp_path)
    content = table["fingerprint"][0].as_py().hex()[:16]
    assert table["id"].to_pylist() == ["x", "x", "5", "5", content, content, "true", "s#0", "s#1"]
    pieces = [json.loads(raw)["instances"] for raw in table["raw"].to_pylist()[-2:]]
    assert pieces == [[{"output": "1"}], [{"output": "2"}]]


@pytest.mark.parametrize("word", ["", " ", "N/A", "None", "<noinput>", "<no input>", "nan", "[]", "null", None, "\n"])
def test_words_that_mean_no_input(word: str | None, tmp_path: Path) -> None:
    row = {"instruction": "Do.", "input": word, "output": word if word and word.strip() else "x"}
    _, table = read_text(json.dumps(row) + "\n", tmp_path)
    assert said(table) == [[("user", "Do."), ("assistant", row["output"])]]  # such an answer is kept


@pytest.mark.parametrize("tail", ["<|endoftext|>", "</s>", " <|im_end|>\n", "<|endoftext|><|endoftext|>", "<eos> "])
def test_tails_of_answers_only(tail: str, tmp_path: Path) -> None:
    rows = [{"prompt": "p" + tail, "completion": "x" + tail}, {"prompt": "p", "completion": f"a{tail}b"}]
    _, table = read_text(json.dumps(rows), tmp_path)
    (asked, answer), (_, inner) = said(table)
    assert asked == ("user", "p" + tail) and answer[1] is not None and answer[1].rstrip() == "x"
    assert inner == ("assistant", f"a{tail}b")


def test_type_drift_within_a_column(tmp_path: Path) -> None:
    cells = ["x", 456, 4.5, True, ["a", "b"], {"k": [1]}, None, [1, "a"], 2**70]
    expected = ["x", "456", "4.5", "true", "a\nb", '{"k":[1]}', "", '[1,"a"]', str(2**70)]
    assert answers([{"instruction": "i", "output": cell} for cell in cells], tmp_path) == expected


def test_numbers_that_json_does_not_have(tmp_path: Path) -> None:
    lines = [f'{{"question": "q", "answer": {n}, "score": NaN}}' for n in ("NaN", "Infinity", "-Infinity", "9" * 5000)]
    for text, name in (("\n".join(lines), "pool.jsonl"), (f"[{','.join(lines)}]", "pool.json")):
        reading, table = read_text(text, tmp_path, name)
        assert [row[1][1] for row in said(table)] == ["", "Infinity", "-Infinity", "9" * 5000]
        assert [raw.decode() for raw in table["raw"].to_pylist()] == lines and not reading.quarantined


@pytest.mark.parametrize("array", [False, True])
def test_characters_that_are_none(array: bool, tmp_path: Path) -> None:
    rows = [
        b'{"instruction": "lone \\ud83d", "output": "\\ude00 low"}',
        b'{"instruction": "a pair \\ud83d\\ude00", "output": "x"}',
        b'{"instruction": "bad \xff byte", "output": "x"}',
        b'{"instruction": "caf\xc3\xa9", "output": "x", "\\ud800": 1}',
    ]
    reading, table = read_text(b"[" + b",".join(rows) + b"]" if array else b"\n".join(rows), tmp_path)
    asked = [row[0][1] for row in said(table)]
    assert asked == ["lone \ufffd", "a pair 😀", "bad \ufffd byte", "café"] and said(table)[0][1][1] == "\ufffd low"
    assert table["raw"].to_pylist() == rows  # as they were
    assert sum(reading.notes.values()) == 3 and not reading.quarantined


CELLS = {
    "json": json.dumps(TALK),
    "python": str(TALK),
    "line breaks": json.dumps(TALK).replace('"q"', '"q\n"'),
    "NaN": json.dumps(TALK).replace('"q"', '"q", "score": NaN'),
    "lone surrogate": json.dumps(TALK).replace('"q"', '"q\\ud800"'),
}


@pytest.mark.parametrize("kind", CELLS)
def test_json_text_inside_cells(kind: str, tmp_path: Path) -> None:
    tools = '[{"name": "f"}]'
    pq.write_table(pa.table({"conversations": [CELLS[kind]], "tools": [tools]}), tmp_path / "a.parquet")
    quoted = CELLS[kind].replace('"', '""')
    csv = f'conversations,tools\n"{quoted}","[{{""name"": ""f""}}]"\n'
    lines = json.dumps({"conversations": CELLS[kind], "tools": tools}) + "\n"
    for name, data in (("a.parquet", (tmp_path / "a.parquet").read_bytes()), ("a.csv", csv), ("a.jsonl", lines)):
        _, table = read_text(data, tmp_path, name)
        ((asked, answered),) = said(table)
        assert asked[1] is not None and asked[1].strip("\n\ufffd") == "q" and answered == ("assistant", "a")
        assert table["tools"].to_pylist() == [tools]


@pytest.mark.parametrize("text", ["{{}}", "{[1]: 2}", "[" * 5000, "{{name}}, hello", "[\\d+]", '[{"a": 1}]', "[1, 2"])
def test_text_that_only_looks_like_a_list(text: str, tmp_path: Path) -> None:
    _, table = read_text(json.dumps({"prompt": text, "completion": text}) + "\n", tmp_path)
    assert said(table) == [[("user", text), ("assistant", text)]]


def test_arrow_fills_missing_keys_with_null(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": None, "tool_calls": [{"id": "c"}]}]
    pq.write_table(pa.Table.from_pylist([{"messages": turns, "system": None, "tools": None}]), tmp_path / "a.parquet")
    _, table = read_text((tmp_path / "a.parquet").read_bytes(), tmp_path, "a.parquet")
    (row,) = table["messages"].to_pylist()
    assert row[0] == {"role": "user", "content": "q", "extra": None}
    assert row[1] == {"role": "assistant", "content": None, "extra": '{"tool_calls":[{"id":"c"}]}'}


@pytest.mark.parametrize("depth", [300, 800, 1010, 100_000])
def test_deep_rows_stop_nothing(depth: int, tmp_path: Path) -> None:
    deep = "[" * depth + "]" * depth
    rows = [
        f'{{"instruction": {deep}, "output": "x"}}',
        f'{{"messages": [{{"role": "user", "content": "q", "deep": {deep}}}, {{"role": "assistant", "content": "a"}}]}}',
        f'{{"instruction": "i", "deep": {deep}, "instances": [{{"output": "1"}}, {{"output": "2"}}]}}',
        GOOD,
    ]
    reading, table = read_text("\n".join(rows), tmp_path)
    assert said(table)[-1] == [("user", "a"), ("assistant", "b")]
    assert len(set(table["line"].to_pylist())) + len(reading.quarantined) == 4 == reading.rows
    assert all(bad.reason == "nested too deep" for bad in reading.quarantined) and len(reading.quarantined) <= 3
    assert depth > 300 or not reading.quarantined


@pytest.mark.parametrize("rows", [1, 3, 4096])
def test_batches_hold_at_most_so_many_rows(rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cuvee.samples.read.BATCH_ROWS", rows)
    (tmp_path / "a.jsonl").write_text((GOOD + "\n") * 10)
    sizes = [batch.num_rows for batch in read(tmp_path / "a.jsonl").batches()]
    assert sum(sizes) == 10 and max(sizes) == min(rows, 10)


def test_unknown_names() -> None:
    with pytest.raises(ConfigError, match="unknown dialect 'alpacca'") as problem:
        read("x", dialect="alpacca")
    problem.match("did you mean 'alpaca'")
    with pytest.raises(ConfigError, match="unknown name 'answr'"):
        read("x", columns={"answr": "a"})


def test_tokenised_rows_are_refused_clearly(tmp_path: Path) -> None:
    row = json.dumps({"input_ids": [1, 2], "labels": [-100, 2], "attention_mask": [1, 1]})
    with pytest.raises(InputError, match=r"it is already tokenised \(input_ids, labels, attention_mask\)") as problem:
        read_text(row + "\n", tmp_path)
    assert problem.value.hint == "it is already tokenised; give the text that it was made from"
    reading, _ = read_text(f"{row}\n{GOOD}\n", tmp_path)
    assert "already tokenised" in reading.quarantined[0].reason
