"""What every dialect promises, run over every member of DIALECTS. Writing is tested in samples/test_round_trip.py."""

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from cuvee.errors import InputError
from cuvee.samples.dialects import DIALECTS, detect
from cuvee.samples.normal import fingerprint
from cuvee.samples.read import Reading, read
from cuvee.samples.schema import SAMPLE, Turn

every = pytest.mark.parametrize("name", DIALECTS)

ALPACA = ("user", "Name a river."), ("assistant", "The Seine"), ("user", "Name the capital.\n\nFrance")
EXPECTED: dict[str, list[list[tuple[str, str | None]]]] = {
    "openai-batch": [[("user", "Name a metal."), ("assistant", "Iron.")]],
    "oasst": [
        [("user", "Name a sea."), ("assistant", "The Baltic."), ("user", "Another?"), ("assistant", "The Red Sea.")],
        [("user", "Name a sea."), ("assistant", "The Nile.")],
    ],
    "gemini": [[("system", "Be exact."), ("user", "How high is K2?"), ("assistant", "8,611 metres.")]],
    "text": [[("system", "Be brief."), ("user", "Name a river."), ("assistant", "The Seine")]],
    "turns": [[("user", "Ping?"), ("assistant", "Pong.")]],
    "preference": [[("user", "Greet me."), ("assistant", "Good morning!")]],
    "self-instruct": [
        [("user", "Give the opposite.\n\nhot"), ("assistant", "cold")],
        [("user", "Give the opposite.\n\nearly"), ("assistant", "late")],
    ],
    "nemotron": [
        [
            ("system", "detailed thinking on"),
            ("user", "What is 6 times 7?"),
            ("assistant", "<think>\n6 * 7 = 42\n</think>\n\n42"),
        ]
    ],
    "tulu": [[("user", "Say hello."), ("assistant", "Hello!")]],
    "messages": [
        [
            ("system", "Use the tools."),
            ("user", "How warm is Lyon?"),
            ("assistant", None),
            ("tool", "21"),
            ("assistant", "21 degrees."),
        ]
    ],
    "sharegpt": [
        [
            ("system", "You know the time."),
            ("user", "What time is it in Oslo?"),
            ("assistant", None),
            ("tool", '{"time": "12:30"}'),
            ("assistant", "Half past twelve."),
        ]
    ],
    "segments": [[("user", "<s>Hi\n"), ("assistant", "Hello there.</s>")]],
    "data-juicer": [
        [
            ("system", "Be kind."),
            ("user", "Good night"),
            ("assistant", "Bonne nuit"),
            ("user", "Translate into French.\n\nGood day"),
            ("assistant", "Bonjour"),
        ]
    ],
    "dolly": [[("user", "Who wrote it?\n\nEmma is by Austen."), ("assistant", "Jane Austen")]],
    "alpaca": [[("system", "Be brief."), *ALPACA, ("assistant", "Paris")]],
    "openorca": [[("system", "You are helpful."), ("user", "Is ice cold?"), ("assistant", "Yes, it is.")]],
    "flan": [[("user", "Is this praise? I love it."), ("assistant", "yes")]],
    "prompt-completion": [[("user", "Two plus two is"), ("assistant", " four.")]],
    "question-answer": [[("user", "Ann has 3 pens and buys 4. How many?"), ("assistant", "3+4=<<3+4=7>>7\n#### 7")]],
}
ALONG = {  # id, source, task, license where the example has them
    "openai-batch": ("r1", None, None, None),
    "oasst": ("t9", None, None, None),
    "self-instruct": ("seed_7", None, None, None),
    "nemotron": (None, None, "math", "cc-by-4.0"),
    "tulu": ("t1", "greetings", None, None),
    "dolly": (None, None, "closed_qa", None),
    "openorca": ("niv.1", None, None, None),
    "flan": (None, None, "sentiment", None),
    "prompt-completion": (None, None, "sums", None),
}
BROKEN: list[Any] = [
    None,
    5,
    True,
    0.5,
    "text",
    {},
    [],
    [None],
    [5],
    [[]],
    [{}],
    {"no": "such key"},
    [{"role": "user"}, 7],
]


def read_rows(rows: list[Any], folder: Path, **options: Any) -> tuple[Reading, pa.Table]:
    path = folder / "rows.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    reading = read(path, **options)
    return reading, pa.Table.from_batches(reading.batches(), SAMPLE)


def test_every_dialect_is_expected_here() -> None:
    assert EXPECTED.keys() == DIALECTS.keys()


@every
def test_its_example_is_its_own(name: str) -> None:
    assert detect(DIALECTS[name].example) is DIALECTS[name]
    assert DIALECTS[name].name == name and DIALECTS[name].summary


@every
def test_the_example_is_parsed(name: str) -> None:
    samples = DIALECTS[name].parse(deepcopy(DIALECTS[name].example))
    assert [[(turn.role, turn.content) for turn in one.messages] for one in samples] == EXPECTED[name]
    assert {(one.id, one.source, one.task, one.license) for one in samples} == {ALONG.get(name, (None,) * 4)}
    assert all((one.tools is not None) == (name in ("messages", "sharegpt")) for one in samples)


@every
def test_parsing_changes_nothing_in_the_row(name: str) -> None:
    row = deepcopy(DIALECTS[name].example)
    assert DIALECTS[name].parse(row) == DIALECTS[name].parse(row)
    assert row == DIALECTS[name].example


@every
def test_detection_looks_at_keys_and_types_only(name: str) -> None:
    """The answer is remembered per set of keys and types (Reading), so the values must not matter."""
    row: Any = DIALECTS[name].example
    if isinstance(row, Mapping):
        row = {
            key: "" if isinstance(value, str) else value * 2 if isinstance(value, list) else value
            for key, value in row.items()
        }
    assert detect(row) is DIALECTS[name]


@every
def test_told_alone_and_named(name: str, tmp_path: Path) -> None:
    alone, table = read_rows([DIALECTS[name].example], tmp_path)
    assert alone.dialects == {name: len(EXPECTED[name])} and set(table["dialect"].to_pylist()) == {name}
    named, again = read_rows([DIALECTS[name].example], tmp_path, dialect=name)
    assert again.equals(table) and named.notes == alone.notes
    assert (DIALECTS[name].note in alone.notes) == bool(DIALECTS[name].note)


def test_told_among_rows_of_all_the_others(tmp_path: Path) -> None:
    rows = [DIALECTS[name].example for name in [*DIALECTS, *reversed(DIALECTS)]]
    reading, table = read_rows(rows, tmp_path)
    expected = [name for name in [*DIALECTS, *reversed(DIALECTS)] for _ in EXPECTED[name]]
    assert table["dialect"].to_pylist() == expected and not reading.quarantined
    assert reading.rows == len(rows)
    assert table["raw"].to_pylist()[0] == json.dumps(rows[0]).encode()


@every
def test_a_row_of_several_samples_splits_into_rows_of_one(name: str) -> None:
    dialect = DIALECTS[name]
    assert (dialect.split is not None) == (len(EXPECTED[name]) > 1)
    if dialect.split and isinstance(dialect.example, dict):
        pieces = dialect.split(dialect.example)
        whole = [fingerprint(one.messages) for one in dialect.parse(dialect.example)]
        assert [[fingerprint(one.messages) for one in dialect.parse(piece)] for piece in pieces] == [[p] for p in whole]


@pytest.mark.parametrize("broken", BROKEN, ids=json.dumps)
@every
def test_a_broken_row_says_what_is_wrong(name: str, broken: Any, tmp_path: Path) -> None:
    reading, table = read_rows([broken, DIALECTS[name].example], tmp_path, dialect=name)
    (bad,) = reading.quarantined
    assert bad.line == 1 and bad.file == str(tmp_path / "rows.json") and bad.raw == json.dumps(broken).encode()
    assert len(bad.reason) > 10 and "\n" not in bad.reason
    assert [[(t["role"], t["content"]) for t in row] for row in table["messages"].to_pylist()] == EXPECTED[name]


@pytest.mark.parametrize("wrong", [None, 5, "", [], {}, [None], [[]], [{}], {"a": [{}]}, "[{", "{{}}"], ids=json.dumps)
@every
def test_a_cell_of_a_wrong_type_is_text_or_a_reason(name: str, wrong: Any) -> None:
    """Each cell in turn is replaced: what comes out is turns of text, or one line; never another exception."""
    row: Any = DIALECTS[name].example
    for key in row if isinstance(row, Mapping) else range(len(row)):
        changed = deepcopy(row)
        changed[key] = deepcopy(wrong)
        try:
            samples = DIALECTS[name].parse(changed)
        except InputError as problem:
            assert len(problem.message) > 10 and "\n" not in problem.message
            continue
        for turn in (turn for one in samples for turn in one.messages):
            assert isinstance(turn, Turn) and turn.role in ("system", "user", "assistant", "tool")
            assert isinstance(turn.content, str) or (turn.role == "assistant" and turn.extra)


@pytest.mark.parametrize("name", [name for name in DIALECTS if name != "turns"])
def test_a_row_without_its_columns_names_those_it_has(name: str) -> None:
    with pytest.raises(InputError, match=r"keys are zebra, lion|is not a list|no turns"):
        DIALECTS[name].parse({"zebra": 1, "lion": 2})
