"""One object of rows by id is so many rows; one that is a row stays one."""

import json
from typing import Any

import pytest

from cuvee.samples.json_rows import json_rows

QA: dict[str, Any] = {f"r{at}": {"question": f"q{at} {{[", "answer": "a" * 40} for at in range(5)}
TALK = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]


def clothes(value: Any) -> list[bytes]:
    return [json.dumps(value).encode(), json.dumps(value).encode() + b"\n", json.dumps(value, indent=2).encode()]


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_rows_by_id(size: int) -> None:
    for data in clothes(QA):
        found = list(json_rows([data[at : at + size] for at in range(0, len(data), size)], "x.json"))
        assert [raw.value for raw in found] == [{"id": key, **row} for key, row in QA.items()]
        assert [json.loads(raw.raw) for raw in found] == [raw.value for raw in found]
        assert [raw.line for raw in found] == [1, 2, 3, 4, 5]


def test_an_id_of_its_own_wins_and_lists_of_turns_are_conversations() -> None:
    (first, second) = json_rows([json.dumps({"a": {"id": 7, "q": 1}, "b": {"id": 8, "q": 2}}).encode()], "x")
    assert (first.value, second.value) == ({"id": 7, "q": 1}, {"id": 8, "q": 2})
    found = [raw.value for raw in json_rows([json.dumps({"c1": TALK, "c2": TALK}).encode()], "x")]
    assert found == [{"id": "c1", "messages": TALK}, {"id": "c2", "messages": TALK}]


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": TALK[0], "chosen": TALK[1], "rejected": TALK[1]},
        {"chosen": {"text": "a", "score": 1}, "rejected": {"text": "b", "score": 2}},
        {"request": {"contents": []}, "response": {"candidates": []}},
        {"a": {"x": 1}, "b": {"y": 2}},
        {"first": TALK[0], "second": TALK[1]},
    ],
)
def test_a_row_of_objects_stays_a_row(row: dict[str, Any]) -> None:
    for data in clothes(row):
        assert [raw.value for raw in json_rows([data], "x.json")] == [row]


def test_a_broken_row_costs_itself_and_a_missing_end_is_told() -> None:
    data = json.dumps(QA).encode().replace(b'"q1 {[", "answer"', b'"q1 {[" "answer"')
    found = list(json_rows([data], "x"))
    assert [raw.error is None for raw in found] == [True, False, True, True, True]
    cut = list(json_rows([json.dumps(QA).encode()[:-1]], "x"))
    assert [raw.error is None for raw in cut] == [True] * 5 + [False]


def test_a_table_as_pandas_writes_it() -> None:
    value = {"q": {"0": "a", "1": "b"}, "a": {"0": "c", "1": "d"}}
    for data in (clothes(value)[0], clothes(value)[2]):
        assert [raw.value for raw in json_rows([data], "x")] == [{"q": "a", "a": "c"}, {"q": "b", "a": "d"}]
