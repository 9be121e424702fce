"""Files whose rows used to get lost without a word: each is read right, or refused in one line."""

import io
import json
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

from cuvee.errors import InputError
from cuvee.samples.containers import rows
from cuvee.samples.csv_rows import MENDED
from cuvee.samples.raw import Raw

PAIRS = [{"instruction": f"say {n}", "output": f"it is {n}"} for n in range(200)]


def found(path: Path, text: str | bytes) -> list[Raw]:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return list(rows(path))


def csv(*lines: str) -> str:
    return "instruction,output\n" + "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("at", [0, 400, 999])
def test_a_quote_that_is_not_closed_costs_its_own_line_only(at: int, tmp_path: Path) -> None:
    lines = [f"say {n},it is {n}" for n in range(1_000)]
    lines[at] = f'say {at},"it is'
    read = found(tmp_path / "a.csv", csv(*lines))
    broken = [row for row in read if row.error]
    assert len(read) == 1_000 and len(broken) == 1
    assert broken[0].line == at + 1 and "not closed" in str(broken[0].error)
    assert [row.value for row in read if not row.error] == [
        {"instruction": f"say {n}", "output": f"it is {n}"} for n in range(1_000) if n != at
    ]


def test_a_quote_that_swallows_up_to_the_next_one_costs_its_own_line_only(tmp_path: Path) -> None:
    lines = [f"say {n},it is {n}" for n in range(50)]
    lines[10], lines[30] = 'say 10,"it is', 'say 30,"it is, well, 30"'
    read = found(tmp_path / "a.csv", csv(*lines))
    assert [row.line for row in read if row.error] == [11]
    assert {"instruction": "say 30", "output": "it is, well, 30"} in [row.value for row in read]
    assert len(read) == 50


def test_line_breaks_within_quotes_stay(tmp_path: Path) -> None:
    read = found(tmp_path / "a.csv", csv('one,"two\nthree\r\nfour"', "five,six"))
    assert [row.value for row in read] == [
        {"instruction": "one", "output": "two\nthree\r\nfour"},
        {"instruction": "five", "output": "six"},
    ]


def test_a_file_of_open_quotes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"more than {MENDED} quotes"):
        found(tmp_path / "a.csv", csv(*['x,"y'] * (4 * MENDED + 1)))


def test_a_long_last_line_takes_linear_time(tmp_path: Path) -> None:
    started = time.process_time()
    (row,) = found(tmp_path / "a.csv", "instruction,output\nsay," + "x" * 3_000_000)
    assert isinstance(row.value, dict) and len(str(row.value["output"])) == 3_000_000
    assert time.process_time() - started < 5  # 100,000 characters took over two minutes


@pytest.mark.parametrize("first", [[1, 2], [], [PAIRS[0]], ["a"]])
def test_a_first_line_that_is_a_list_is_one_row(first: list[Any], tmp_path: Path) -> None:
    lines = [json.dumps(first), *map(json.dumps, PAIRS[:5])]
    read = found(tmp_path / "a.jsonl", "\n".join(lines))
    assert [row.value for row in read] == [first, *PAIRS[:5]]


def test_arrays_stay_arrays(tmp_path: Path) -> None:
    for text in (json.dumps(PAIRS[:7]), json.dumps(PAIRS[:7], indent=1), json.dumps(PAIRS[:7]) + "\n"):
        assert [row.value for row in found(tmp_path / "a.json", text)] == PAIRS[:7]


@pytest.mark.parametrize("packed", ["", "gz", "xz", "bz2"])
def test_a_tar_archive_is_refused(packed: str, tmp_path: Path) -> None:
    path = tmp_path / f"pack.tar{'.' * bool(packed)}{packed}"
    with tarfile.open(path, f"w:{packed}") as archive:  # type: ignore[call-overload]
        content = "".join(json.dumps(row) + "\n" for row in PAIRS).encode()
        entry = tarfile.TarInfo("rows.jsonl")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    with pytest.raises(InputError, match="is a tar archive"):
        list(rows(path))


@pytest.mark.parametrize("indent", [None, 1])
def test_one_object_of_columns_is_a_row_for_each_place(indent: int | None, tmp_path: Path) -> None:
    columns = {name: [row[name] for row in PAIRS] for name in ("instruction", "output")}
    assert [row.value for row in found(tmp_path / "a.json", json.dumps(columns, indent=indent))] == PAIRS


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}], "tools": [{}, {}]},
        {"instruction": "x", "output": "y"},
        {"choices": ["a", "b"], "answer": "a"},
        {"prompt": ["x"], "completion": ["y"]},
    ],
)
def test_one_object_that_is_a_row_stays_one(row: dict[str, Any], tmp_path: Path) -> None:
    assert [one.value for one in found(tmp_path / "a.json", json.dumps(row))] == [row]
