"""A row that is longer than a row may be is put aside while it is read: the rows around it are read, and memory stays small."""

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from cuvee.samples.containers import rows
from cuvee.samples.json_rows import json_rows
from cuvee.samples.raw import KEPT, Raw

MOST = 3_000
LONG = {"instruction": "x" * 5_000 + '"{[\\', "deep": [{"a": ["]}"] * 300}], "output": "y"}
SHORT = [{"instruction": f"row {n}", "output": "z"} for n in range(3)]
ROWS = [SHORT[0], LONG, SHORT[1], LONG, LONG, SHORT[2]]
SHAPES: dict[str, Callable[[], tuple[str, bytes]]] = {
    "lines": lambda: ("a.jsonl", b"".join(json.dumps(row).encode() + b"\n" for row in ROWS)),
    "array": lambda: ("a.json", json.dumps(ROWS).encode()),
    "pretty": lambda: ("a.json", json.dumps(ROWS, indent=1).encode()),
    "wrapped": lambda: ("a.json", json.dumps({"version": 1, "data": ROWS, "end": 1}).encode()),
    "glued": lambda: ("a.json", b"".join(json.dumps(row).encode() for row in ROWS)),
}
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".bz2": bz2.compress,
    ".zst": zstandard.compress,
}


def check(found: list[Raw]) -> None:
    assert [raw.value for raw in found if raw.error is None] == SHORT
    long = [raw for raw in found if raw.error is not None]
    assert len(long) == 3 and all("is longer than" in (raw.error or "") and len(raw.raw) <= KEPT for raw in long)
    assert [raw.line for raw in found] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_rows_around_it_are_read(shape: str, tmp_path: Path) -> None:
    name, data = SHAPES[shape]()
    (tmp_path / name).write_bytes(data)
    check(list(rows(tmp_path / name, MOST)))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [1, 61])
def test_wherever_blocks_end(shape: str, size: int) -> None:
    name, data = SHAPES[shape]()
    head = 1 << 16
    pieces = [data[:head], *(data[at : at + size] for at in range(head, len(data), size))]
    check(list(json_rows(pieces, name, MOST)))


def test_in_a_table(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    found = list(rows(tmp_path / "a.parquet", MOST))
    assert [raw.error is None for raw in found] == [True, False, True, False, False, True]


def test_in_csv(tmp_path: Path) -> None:
    cells = [
        ["q", "a"],
        ["1", "one"],
        ["2", "x" * 5_000],
        ["3", "three"],
        ["4", '"' + "y\n" * 3_000 + '"'],
        ["5", "five"],
    ]
    (tmp_path / "a.csv").write_text("\n".join(",".join(row) for row in cells))
    found = list(rows(tmp_path / "a.csv", MOST))
    assert [raw.value["q"] for raw in found if isinstance(raw.value, dict)] == ["1", "3", "5"]
    assert found[1].error and "is longer than" in found[1].error and found[3].error


BOMBS = [
    *[("lines", suffix) for suffix in PACKERS],
    *[(shape, ".gz") for shape in ("array", "brackets", "commas", "csv")],
]


@pytest.mark.parametrize(("shape", "suffix"), BOMBS)
def test_a_bomb_costs_its_row(shape: str, suffix: str, tmp_path: Path) -> None:
    """A few KB that unpack to 6 MB, between two rows; `python -m bench.memory` says what memory larger ones take."""
    fill = {"brackets": b"[],", "commas": b","}.get(shape, b"a")
    inside = fill * (6_000_000 // len(fill))
    first, last = (json.dumps(row).encode() for row in SHORT[:2])
    if shape == "csv":
        data = b"instruction,output\nrow 0,z\n" + inside + b",q\nrow 1,z\n"
    elif shape == "array":
        data = b"[" + first + b', {"instruction": "' + inside + b'"}, ' + last + b"]"
    elif shape == "lines":
        data = first + b'\n{"instruction": "' + inside + b'"}\n' + last + b"\n"
    else:
        data = b"[" + first + (b", [" + inside + b"1], " if fill == b"[]," else inside) + last + b"]"
    path = tmp_path / f"a.{'csv' if shape == 'csv' else 'json'}{suffix}"
    path.write_bytes(PACKERS[suffix](data))
    assert path.stat().st_size < 20_000
    found = list(rows(path, 1 << 20))
    assert [raw.value for raw in found if raw.error is None] == SHORT[:2]
    assert len(found) == (2 if shape == "commas" else 3)


values = st.recursive(
    st.text(st.sampled_from('ab"\\{}[],:é\n')) | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=12,
)


@given(
    st.lists(st.dictionaries(st.text(min_size=1, max_size=3), values, max_size=3), min_size=1, max_size=6),
    st.integers(1, 40),
)
def test_any_limit_parts_rows_by_length_alone(made: list[dict[str, object]], most: int) -> None:
    data = json.dumps(made, ensure_ascii=False)
    found = list(json_rows([data.encode()[at : at + 7] for at in range(0, len(data.encode()), 7)], "a.json", most))
    lengths = [len(json.dumps(row, ensure_ascii=False)) for row in made]
    expected = [row if length <= most else None for row, length in zip(made, lengths, strict=True)]
    assert [raw.value for raw in found] == expected
