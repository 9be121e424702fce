"""Rows put aside, strict reading, columns by name, and files of which nothing can be read."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from cuvee.errors import InputError
from cuvee.samples.dialects import DIALECTS
from cuvee.samples.read import Reading, read
from cuvee.samples.schema import SAMPLE

GOOD = '{"instruction": "a", "output": "b"}'
BAD = {
    "null": ("null", "a row must be an object, this is null"),
    "number": ("12", "a row must be an object, this is 12"),
    "empty object": ("{}", "no dialect has these keys: none"),
    "unknown keys": ('{"zebra": 1}', "no dialect has these keys: zebra"),
    "cut short": ('{"instruction": "a", "output', "not JSON: unterminated string"),
    "no quotes": ("{instruction: 1}", "not JSON: expecting property name"),
    "no text": ('{"instruction": " ", "output": ""}', "there is no text in it"),
    "a role of nobody": (
        '{"messages": [{"role": "nobody", "content": "x"}]}',
        "turn 1 of messages has the role 'nobody'",
    ),
    "no turns": ('{"messages": []}', "messages is an empty list"),
}


def read_text(text: str, folder: Path, name: str = "pool.jsonl", **options: Any) -> tuple[Reading, pa.Table]:
    (folder / name).write_text(text)
    reading = read(folder / name, **options)
    return reading, pa.Table.from_batches(reading.batches(), SAMPLE)


def turns(table: pa.Table) -> list[list[tuple[str, str]]]:
    return [[(turn["role"], turn["content"]) for turn in row] for row in table["messages"].to_pylist()]


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("at", [0, 1, 3])
def test_put_aside_with_file_line_and_reason(kind: str, at: int, tmp_path: Path) -> None:
    row, reason = BAD[kind]
    lines = [GOOD] * 3
    lines.insert(at, row)
    reading, table = read_text("\n\n".join(lines) + "\n", tmp_path)
    (bad,) = reading.quarantined
    assert (bad.file, bad.line, bad.raw) == (str(tmp_path / "pool.jsonl"), 2 * at + 1, row.encode())
    assert bad.reason.startswith(reason) and "\n" not in bad.reason
    assert reading.rows == 4 and table.num_rows == 3


@pytest.mark.parametrize("kind", [kind for kind in BAD if kind not in ("cut short",)])
def test_put_aside_from_an_array(kind: str, tmp_path: Path) -> None:
    row, reason = BAD[kind]
    reading, table = read_text(f"[{GOOD},\n{row},\n{GOOD}]", tmp_path, "pool.json")
    (bad,) = reading.quarantined
    assert bad.line == 2 and bad.raw == row.encode() and bad.reason.startswith(reason)
    assert table["line"].to_pylist() == [1, 3]


def test_an_array_that_ends_too_early(tmp_path: Path) -> None:
    reading, table = read_text(f'[{GOOD}, {GOOD}, {{"instruct', tmp_path, "pool.json")
    assert table.num_rows == 2 and reading.quarantined[0].reason == "the file ends inside this row"


@pytest.mark.parametrize("kind", BAD)
def test_strict_stops_at_the_first(kind: str, tmp_path: Path) -> None:
    row, reason = BAD[kind]
    with pytest.raises(InputError) as problem:
        read_text(f"{GOOD}\n{row}\nnull\n", tmp_path, strict=True)
    assert problem.value.message.startswith(f"{tmp_path / 'pool.jsonl'}:2: {reason}") and problem.value.hint
    reading, table = read_text(f"{GOOD}\n{GOOD}\n", tmp_path, strict=True)
    assert table.num_rows == 2 and not reading.quarantined


def test_nothing_readable_shows_keys_and_how_to_map_them(tmp_path: Path) -> None:
    text = '{"frage": "x", "antwort": "y"}\n{"frage": "x", "notiz": "z"}\n'
    with pytest.raises(
        InputError, match=r"nothing in .*pool.jsonl can be read as instruction data: no dialect"
    ) as problem:
        read_text(text, tmp_path)
    expected = "its keys are frage, antwort, notiz; say which is which: --columns instruction=q,output=a"
    assert problem.value.hint == expected
    with pytest.raises(InputError) as problem:
        read_text("5\n6\n", tmp_path)
    assert problem.value.hint == "each row must be a JSON object, or a list of turns"


def test_an_empty_file_is_a_note(tmp_path: Path) -> None:
    reading, table = read_text("\n", tmp_path)
    assert (reading.rows, table.num_rows, dict(reading.notes)) == (
        0,
        0,
        {f"{tmp_path / 'pool.jsonl'} holds no rows": 1},
    )


COLUMNS: dict[str, tuple[dict[str, str], dict[str, Any], list[tuple[str, str]]]] = {
    "two": ({"instruction": "q", "output": "a"}, {"q": "x", "a": "y"}, [("user", "x"), ("assistant", "y")]),
    "with input and system": (
        {"instruction": "q", "input": "i", "output": "a", "system": "s"},
        {"q": "x", "i": "z", "a": "y", "s": "t"},
        [("system", "t"), ("user", "x\n\nz"), ("assistant", "y")],
    ),
    "over a column of that name": (
        {"instruction": "question", "output": "better"},
        {"instruction": "no", "output": "no", "question": "x", "better": "y"},
        [("user", "x"), ("assistant", "y")],
    ),
    "swapped": (
        {"instruction": "output", "output": "instruction"},
        {"instruction": "y", "output": "x"},
        [("user", "x"), ("assistant", "y")],
    ),
    "prompt": ({"prompt": "q", "completion": "a"}, {"q": "x", "a": " y"}, [("user", "x"), ("assistant", " y")]),
    "messages": ({"messages": "talk"}, {"talk": [{"role": "user", "content": "x"}]}, [("user", "x")]),
    "beside a known dialect": (
        {"task": "kind"},
        {"question": "x", "answer": "y", "kind": "k"},
        [("user", "x"), ("assistant", "y")],
    ),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_columns_by_name(kind: str, tmp_path: Path) -> None:
    columns, row, expected = COLUMNS[kind]
    reading, table = read_text(json.dumps(row) + "\n", tmp_path, columns=columns)
    assert turns(table) == [expected] and not reading.notes
    assert table["task"].to_pylist() == [row.get("kind")]
    assert table["raw"].to_pylist() == [json.dumps(row).encode()]  # the row as it was, not as it was renamed


def test_columns_that_are_not_there(tmp_path: Path) -> None:
    columns = {"instruction": "q", "output": "a", "input": "nowhere"}
    reading, _ = read_text('{"q": "x", "a": "y"}\n', tmp_path, columns=columns)
    assert dict(reading.notes) == {f"{tmp_path / 'pool.jsonl'} has no column nowhere": 1}
    with pytest.raises(InputError, match="it has no answer") as problem:
        read_text('{"q": "x", "a": "y"}\n', tmp_path, columns={"instruction": "q", "output": "nowhere"})
    assert "its keys are q, a;" in problem.value.hint


def test_a_dialect_by_name(tmp_path: Path) -> None:
    row = {"instruction": "i", "input": "x", "output": "y", "question": "q", "answer": "a"}
    for name, expected in (
        ("alpaca", [("user", "i\n\nx"), ("assistant", "y")]),
        ("question-answer", [("user", "q"), ("assistant", "y")]),
    ):
        reading, table = read_text(json.dumps(row) + "\n", tmp_path, dialect=name)
        assert turns(table) == [expected] and reading.dialects == {name: 1}


def test_notes_tell_what_was_done(tmp_path: Path) -> None:
    rows = [DIALECTS["preference"].example, DIALECTS["self-instruct"].example, DIALECTS["preference"].example]
    reading, _ = read_text(json.dumps(rows), tmp_path)
    assert sorted(reading.notes.values()) == [1, 2] and any("`chosen`" in note for note in reading.notes)
    assert reading.rows == 3 and sum(reading.dialects.values()) == 4


@pytest.mark.parametrize("head", [[], [{"role": "system", "content": "turn"}]], ids=["column", "column and turn"])
def test_a_system_turn_wins_over_the_column(head: list[Any], tmp_path: Path) -> None:
    row = {"system": "column", "messages": [*head, {"role": "user", "content": "q"}]}
    _, table = read_text(json.dumps(row) + "\n", tmp_path)
    assert turns(table) == [[("system", "turn" if head else "column"), ("user", "q")]]
