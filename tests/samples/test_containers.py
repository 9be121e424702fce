"""Rows come out of every packing as they went in, with their exact bytes and their place."""

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cuvee.errors import InputError
from cuvee.samples import containers
from cuvee.samples.json_rows import json_rows
from cuvee.samples.raw import Raw

ROWS: list[Any] = [
    {"instruction": "é 日本 😀 \u2028", "output": 'say "x"\n\\ {[,]}'},
    {"n": 123456789012345678901234567890, "f": 1.5, "deep": [{"a": [None, True]}], "e": {}},
    {"answer": -7, "list": [], "text": "]} , {"},
]
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.compress,
    ".bz2": bz2.compress,
}


def lines(rows: list[Any]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def rows_of(data: bytes, folder: Path, name: str = "rows.jsonl") -> list[Raw]:
    path = folder / name
    path.write_bytes(data)
    return list(containers.rows(path))


def shapes(rows: list[Any]) -> dict[str, bytes]:
    return {
        "lines": lines(rows),
        "lines without the last end": lines(rows)[:-1],
        "windows lines": lines(rows).replace(b"\n", b"\r\n"),
        "blank lines between": b"\n \n" + lines(rows).replace(b"\n", b"\n\n"),
        "compact array": json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode(),
        "ascii array": json.dumps(rows).encode(),
        "pretty array": json.dumps(rows, indent=4, ensure_ascii=False).encode(),
        "one row a line, in an array": b"[\n" + lines(rows)[:-1].replace(b"\n", b",\n") + b"\n]\n",
        "trailing comma": b"[" + lines(rows).replace(b"\n", b",\n") + b"]",
        "commas after lines": lines(rows).replace(b"\n", b",\n"),
        "objects end to end": lines(rows).replace(b"\n", b""),
        "pretty objects end to end": b"".join(json.dumps(row, indent=2).encode() for row in rows),
        "arrays end to end": json.dumps(rows[:1], indent=1).encode()
        + b"\n\n"
        + json.dumps(rows[1:], indent=1).encode(),
        "in an object": json.dumps({"version": "1.0", "tags": ["a"], "data": rows, "end": {"n": 1}}).encode(),
        "pretty, in an object": json.dumps({"canary": "x {[", "examples": rows}, indent=2).encode(),
        "in two lists of an object": json.dumps({"train": rows[:2], "test": rows[2:]}).encode(),
    }


SHAPES = shapes(ROWS)
LONG = [{"pad": "x" * (1 << 16)}, *ROWS]  # its first row fills the head that the shape is told by
LONG_SHAPES = shapes(LONG)
every_shape = pytest.mark.parametrize("shape", SHAPES)


@every_shape
@pytest.mark.parametrize("name", ["rows.json", "rows.jsonl"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "bom"])
def test_every_shape_in_every_clothes(shape: str, name: str, mark: bytes, tmp_path: Path) -> None:
    found = rows_of(mark + SHAPES[shape], tmp_path, name)
    assert [raw.value for raw in found] == ROWS
    assert [json.loads(raw.raw) for raw in found] == ROWS
    assert all(raw.raw in SHAPES[shape] and raw.error is None and not raw.note for raw in found)


@every_shape
@pytest.mark.parametrize("size", [1, 7])
def test_where_a_block_ends_does_not_matter(shape: str, size: int) -> None:
    data, start = LONG_SHAPES[shape], 1 << 16
    pieces = [data[:start], *(data[at : at + size] for at in range(start, len(data), size))]
    found = list(json_rows(pieces, "x.json"))
    assert [raw.value for raw in found] == LONG
    assert [raw.raw for raw in found] == [raw.raw for raw in json_rows([data], "x.json")]


def test_places() -> None:
    def at(data: bytes) -> list[int]:
        return [raw.line for raw in json_rows([data], "x")]

    assert at(b'\n{"a":1}\n\n{"a":2}\n') == [2, 4]  # the line
    assert at(b'[\n\n{"a":1},\n\n{"a":2}]') == [1, 2]  # the element
    assert at(b'{"a":1}{"a":2}\n{"a":3}') == [1, 1, 2]  # two rows share a line


@pytest.mark.parametrize("key", ["examples", "data", "items", "questions"])
def test_a_list_inside_a_row_belongs_to_the_row(key: str, tmp_path: Path) -> None:
    rows = [{"instruction": str(i), key: [{"input": "x", "output": "y"}], "output": "o"} for i in range(3)]
    assert [raw.value for raw in rows_of(lines(rows), tmp_path)] == rows
    assert [raw.value for raw in rows_of(json.dumps(rows).encode(), tmp_path)] == rows


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("name", ["rows.jsonl", "rows"])
def test_packed_told_by_content(suffix: str, name: str, tmp_path: Path) -> None:
    packed = PACKERS[suffix](lines(ROWS))
    assert [raw.value for raw in rows_of(packed, tmp_path, name + suffix)] == ROWS
    assert [raw.value for raw in rows_of(packed + packed, tmp_path, name)] == ROWS * 2  # members end to end


@pytest.mark.parametrize("suffix", PACKERS)
def test_packed_and_cut_short_is_an_error(suffix: str, tmp_path: Path) -> None:
    packed = PACKERS[suffix](b"".join(lines([{"i": i, "square": i * i}]) for i in range(5000)))
    for cut in (packed[:-9], packed[: len(packed) // 2]):
        with pytest.raises(InputError, match="is damaged"):
            rows_of(cut, tmp_path, "rows.jsonl" + suffix)


NO_DATA = {
    "text": (b"hello\nworld\n", "neither JSON, CSV, Parquet nor Arrow"),
    "number": (b"5", "neither JSON"),
    "utf-16": ('{"a": 1}'.encode("utf-16"), "is UTF-16"),
    "zip": (b"PK\x03\x04" + bytes(40), "zip archive"),
}


@pytest.mark.parametrize("kind", NO_DATA)
def test_no_data_at_all(kind: str, tmp_path: Path) -> None:
    data, message = NO_DATA[kind]
    with pytest.raises(InputError, match=message) as problem:
        rows_of(data, tmp_path, "rows.json")
    assert problem.value.hint


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_a_table_that_is_none(name: str, tmp_path: Path) -> None:
    for data in (b"", b"nothing", b"PAR1 and no more", b"ARROW1 and no more"):
        with pytest.raises(InputError, match=r"Parquet|Arrow"):
            rows_of(data, tmp_path, name)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        list(containers.rows(tmp_path / "no.json"))
    with pytest.raises(InputError, match="is a folder"):
        list(containers.rows(tmp_path))


@pytest.mark.parametrize("name", ["empty.json", "empty.jsonl"])
def test_an_empty_file_has_no_rows(name: str, tmp_path: Path) -> None:
    for data in (b"", b" \n\t\n", b"\xef\xbb\xbf\n", b"[]" if name == "empty.json" else b"\n"):
        assert rows_of(data, tmp_path, name) == []


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from('{}[],:"\\\n\u2028')
)  # fmt: skip
keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5).map(lambda key: "k" + key)
nested = st.recursive(scalars, lambda v: st.lists(v, max_size=2) | st.dictionaries(keys, v, max_size=2), max_leaves=4)
objects = st.dictionaries(keys, nested, min_size=1, max_size=3)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(objects, min_size=1, max_size=4), st.booleans(), st.sampled_from([None, 0, 3]), st.integers(1, 50))
@example([{"k": 2.0**64, "k2": 2**64, "k3": -(2**63) - 1}], True, None, 50)
def test_any_rows_survive_any_shape(rows: list[Any], ascii: bool, indent: int | None, size: int) -> None:
    each = [json.dumps(row, ensure_ascii=ascii, indent=indent).encode() for row in rows]
    array = json.dumps(rows, ensure_ascii=ascii, indent=indent).encode()
    flat = [json.dumps(row, ensure_ascii=ascii).encode() for row in rows]
    for data, raws in ((array, None), (b"\n".join(each), each), (b"\n".join(flat) + b"\n", flat)):
        found = list(json_rows([data[at : at + size] for at in range(0, len(data), size)], "x"))
        assert [raw.value for raw in found] == rows
        assert all(json.loads(raw.raw) == row and raw.raw in data for raw, row in zip(found, rows, strict=True))
        assert raws is None or [raw.raw for raw in found] == raws


def test_identity_is_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"{}")
    (tmp_path / "b").write_bytes(b"{}")
    assert containers.identity(tmp_path / "a") == containers.identity(tmp_path / "b")
    (tmp_path / "b").write_bytes(b"{} ")
    assert containers.identity(tmp_path / "a") != containers.identity(tmp_path / "b")
    assert containers.identity(tmp_path / "a")["bytes"] == 2
