"""Files that once ended a run, took minutes or memory, or lost rows. Each is read, or refused in one line, in seconds."""

import gzip
import io
import json
import unicodedata
from collections.abc import Callable, Container, Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from _pytest.mark import ParameterSet
from tests.timing import within

from cuvee.cleaners.flags import flags
from cuvee.cleaners.special import unmarked
from cuvee.errors import CuveeError
from cuvee.evaluation import answers
from cuvee.samples.dialects.cells import opened
from cuvee.samples.formats import FORMATS
from cuvee.samples.layouts import layout
from cuvee.samples.normal import nfkc, normalise
from cuvee.samples.read import read
from cuvee.samples.schema import SAMPLE
from cuvee.samples.write import one_line, write
from cuvee.scorers import prompting

MB = 1 << 20
GOOD = b'{"instruction": "a", "output": "b"}\n'


def parquet(**columns: object) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


FILES: dict[str, Callable[[], tuple[str, bytes]]] = {
    "a list of turns, alone in its file": lambda: (
        "a.jsonl",
        b'[{"from": "human", "value": "x"}, {"from": "gpt", "value": "y"}]\n',
    ),
    "an array of one row whose cells are lists": lambda: (
        "a.json",
        b'[{"instruction": ["a", "b"], "output": ["c", "d"]}]',
    ),
    "columns with a lone surrogate": lambda: ("a.json", b'{"instruction": ["a", "\\ud800"], "output": ["b", "c"]}'),
    "a Python literal with tuples as keys": lambda: ("a.jsonl", b'{"messages": "[{(1, 2): 3}]"}\n' + GOOD),
    "a list of turns with an unhashable role": lambda: (
        "a.jsonl",
        b'{"messages": [{"role": "user", "content": "x"}, {"from": "gpt", "role": null, "value": "y"}]}\n',
    ),
    "CSV, 1 MB in its last line, without an end": lambda: ("a.csv", b"instruction,output\na,b\nc," + b"x" * MB),
    "CSV, 1 MB of carriage returns": lambda: ("a.csv", b"instruction,output\na,b\n" + b"\r" * MB),
    "CSV, 1 MB of quotes": lambda: ("a.csv", b"instruction,output\na,b\n" + b'"' * MB),
    "1 MB of blanks in an array": lambda: ("a.json", b"[" + GOOD + b"," + b" " * MB + b"x]"),
    "1 MB of blanks in a broken element": lambda: (
        "a.json",
        b'[{"a": x' + b" " * MB + b', {"instruction": "a", "output": "b"}]',
    ),
    "1 MB of numbers that begin no row": lambda: ("a.jsonl", GOOD + b"1 " * (MB // 2)),
    "1 MB of open brackets": lambda: ("a.json", b"[" + GOOD + b"," + b"[" * MB),
    "1 MB of open objects": lambda: ("a.json", b"[" + GOOD + b"," + b'{"a": ' * (MB // 6)),
    "1 MB of end marks": lambda: (
        "a.jsonl",
        json.dumps({"instruction": "a", "output": "b" + "</s>" * (MB // 4)}).encode(),
    ),
    "1 MB of marks out of order": lambda: (
        "a.jsonl",
        json.dumps({"instruction": "a" + "\u0301\u0323" * (MB // 4), "output": "b"}).encode(),
    ),
    "1 MB in a task": lambda: ("a.jsonl", json.dumps({"instruction": "a", "output": "b", "task": "t" * MB}).encode()),
    "a million keys": lambda: ("a.jsonl", GOOD + json.dumps({f"k{n}": n for n in range(100_000)}).encode()),
    "a name in bytes that are no UTF-8, in Parquet": lambda: (
        "a.parquet",
        parquet(instruction=["NAME"]).replace(b"NAME", b"n\xe9me"),
    ),
    "gzip, cut": lambda: ("a.jsonl.gz", gzip.compress(GOOD * 1_000)[:-9]),
    "Parquet, empty of rows": lambda: ("a.parquet", parquet(instruction=pa.array([], pa.string()))),
}


LONGEST = {
    "1 MB of numbers that begin no row",
    "CSV, 1 MB of carriage returns",
    "1 MB of marks out of order",
}  # 5 s each


def slowly(names: Iterable[str], slow: Container[str]) -> list[ParameterSet]:
    return [pytest.param(name, marks=[pytest.mark.slow] if name in slow else []) for name in names]


@pytest.mark.parametrize("name", slowly(FILES, LONGEST))
def test_it_is_read_or_refused_in_one_line(name: str, tmp_path: Path) -> None:
    file, data = FILES[name]()
    (tmp_path / file).write_bytes(data)
    with within(30):
        try:
            reading = read(tmp_path / file)
            table = pa.Table.from_batches(reading.batches(), SAMPLE)
        except CuveeError as wrong:
            assert "\n" not in wrong.message and len(wrong.message) < 1_500 and wrong.hint
            return
        assert reading.rows == table.num_rows + len(reading.quarantined)
        for format in [name for name in FORMATS if name not in ("dpo", "kto")] if table.num_rows else ():
            path = write(table, np.arange(table.num_rows), tmp_path / f"out-{format}.jsonl", format=format)
            layout(path)
            again = read(path)
            assert sum(batch.num_rows for batch in again.batches()) == table.num_rows and not again.quarantined


def test_a_conversation_alone_in_its_file_is_one_row(tmp_path: Path) -> None:
    file, data = FILES["a list of turns, alone in its file"]()
    (tmp_path / file).write_bytes(data)
    (batch,) = read(tmp_path / file).batches()
    assert [turn["content"] for turn in batch["messages"][0].as_py()] == ["x", "y"]


TEXTS = {
    "letters": "a" * MB + "!",
    "blanks": "x" + " " * MB + "x",
    "lines": "x" + "\n" * MB + "x",
    "lines and blanks": "x" + "\n \t" * (MB // 3) + "x",
    "colons": "verdict" + ":" * MB + "x",
    "digits": "#### " + "1" * MB + "x",
    "grouped digits": "1" + ",111" * (MB // 4) + "1",
    "fences": "```" + " " * MB + "x",
    "open fences": "```\n" * (MB // 4),
    "thoughts": "<think>" * (MB // 7),
    "brackets": "[" * MB,
    "a list": "[" + "1," * (MB // 2),
    "minus signs": "[" + "-" * MB + "1]",
    "end marks": "<s>" + "</s>" * (MB // 4),
    "marks": "e" + "\u0301\u0323" * (MB // 2),
    "quotes": '"' * MB,
    "backslashes": '"' + "\\" * MB,
    "stops": "." + ")" * MB + "x",
}
FUNCTIONS: dict[str, Callable[[str], object]] = {
    "flags": lambda text: flags([text], [text]),
    "normalise": normalise,
    "answer": unmarked,
    "opened": opened,
    "one_line": lambda text: one_line(text.encode() + b"\n"),
    "number": answers.number,
    "code": answers.code,
    "exact": lambda text: answers.exact(text, "x"),
    "has_final_number": answers.has_final_number,
    "verdict": prompting.verdict,
    "ratings": lambda text: prompting.ratings(prompting.QuestionKind("x", ("rating",), 1, 5), text),
    "two ratings": lambda text: prompting.ratings(prompting.QuestionKind("x", ("a", "rating"), 1, 5), "rating" + text),
}


@pytest.mark.parametrize("function", slowly(FUNCTIONS, {"number"}))  # which takes a second for each text
def test_1_mb_of_anything_takes_seconds(function: str) -> None:
    for name, text in TEXTS.items():
        try:
            with within(20):
                FUNCTIONS[function](text)
        except TimeoutError:
            pytest.fail(f"{function} of {name}")


def test_marks_in_any_order_have_the_form_that_unicode_says() -> None:
    rng = np.random.default_rng(0)
    marks = [chr(code) for code in range(0x110000) if unicodedata.combining(chr(code))] + ["\uff9e", "\uff9f", "\u0344"]
    for _ in range(300):
        drawn = [marks if rng.random() < 0.97 else ["a", "é", "漢", " ", "İ", "\uff76"] for _ in range(150)]
        text = "".join(letters[rng.integers(len(letters))] for letters in drawn)
        assert nfkc(text) == unicodedata.normalize("NFKC", text)
