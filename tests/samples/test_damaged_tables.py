"""Damaged tables: a bad cell costs its row, damage costs what lies behind it, and nothing that happens ends this process."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from tests.asks import read_ask

from cuvee.errors import InputError
from cuvee.intake.read import read_inputs
from cuvee.runs import open_run
from cuvee.samples import cells_checked, table_reader
from cuvee.samples.containers import rows
from cuvee.samples.raw import Raw

GOOD = ["one", "two", "three", "four"]
MARK = "MARK"


def ipc(table: pa.Table, path: Path) -> None:
    with pa.ipc.new_file(str(path), table.schema) as sink:
        sink.write_table(table)


def stream(table: pa.Table, path: Path) -> None:
    with pa.ipc.new_stream(str(path), table.schema) as sink:
        sink.write_table(table)


def plain_feather(table: pa.Table, path: Path) -> None:
    feather.write_feather(table, str(path), compression="uncompressed")


def plain_parquet(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, compression="none", use_dictionary=False, write_statistics=False)


KINDS: dict[str, Callable[[pa.Table, Path], None]] = {
    "a.arrow": ipc,
    "b.arrow": stream,
    "a.feather": plain_feather,
    "a.parquet": plain_parquet,
}
CELLS: dict[str, Callable[[str], object]] = {
    "text": lambda word: word,
    "list": lambda word: ["x", word],
    "turns": lambda word: [{"role": "user", "content": word}, {"role": "assistant", "content": "x"}],
    "struct": lambda word: {"a": {"b": word}},
}


def patched(path: Path, before: bytes, after: bytes, *, all: bool = False) -> None:
    data = path.read_bytes()
    assert before in data and len(before) == len(after)
    path.write_bytes(data.replace(before, after, -1 if all else 1))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("name", KINDS)
def test_a_latin_1_byte_costs_its_row(name: str, cell: str, tmp_path: Path) -> None:
    words = [*GOOD[:2], MARK, *GOOD[2:]]
    KINDS[name](pa.table({"n": range(5), "cell": [CELLS[cell](word) for word in words]}), tmp_path / name)
    patched(tmp_path / name, MARK.encode(), b"caf\xe9")
    found = list(rows(tmp_path / name))
    assert [raw.line for raw in found] == [1, 2, 3, 4, 5]
    assert found[2].value is None and found[2].raw == b'{"n":2}'
    assert found[2].error == "its cell 'cell' holds bytes that are not UTF-8, the first at 3"
    assert [raw.value["cell"] for raw in found if isinstance(raw.value, dict)] == [CELLS[cell](word) for word in GOOD]


@pytest.mark.parametrize("name", KINDS)
def test_a_word_of_a_dictionary_costs_the_rows_that_use_it(name: str, tmp_path: Path) -> None:
    column = pa.array(["one", MARK, "one", MARK, None]).dictionary_encode()
    KINDS[name](pa.table({"cell": column}), tmp_path / name)
    patched(tmp_path / name, MARK.encode(), b"caf\xe9", all=True)
    assert [raw.error is None for raw in rows(tmp_path / name)] == [True, False, True, False, True]


BEYOND = {
    "date": pa.array([0, 10**9, 1], pa.int32()).cast(pa.date32()),
    "time stamp": pa.array([0, 2**62, 1], pa.timestamp("us")),
    "seconds": pa.array([0, 2**55, 1], pa.int64()).cast(pa.timestamp("s")),
    "duration": pa.array([0, 2**62, 1], pa.duration("s")),
    "time with a zone": pa.array([0, 2**62, 1], pa.timestamp("us", tz="UTC")),
}


@pytest.mark.parametrize("name", ["a.arrow", "a.parquet"])
@pytest.mark.parametrize("kind", BEYOND)
def test_a_time_that_python_has_no_word_for_costs_its_row(kind: str, name: str, tmp_path: Path) -> None:
    if (kind, name) == ("seconds", "a.parquet"):
        pytest.skip("Parquet has no seconds")
    KINDS[name](pa.table({"n": range(3), "at": BEYOND[kind]}), tmp_path / name)
    first, second, third = rows(tmp_path / name)
    assert first.error is None and third.error is None
    assert second.value is None and second.error and second.error.startswith("its cell 'at' holds a ")


def test_nanoseconds_are_text(tmp_path: Path) -> None:
    ipc(pa.table({"at": pa.array([1_700_000_000_000_000_001], pa.timestamp("ns"))}), tmp_path / "a.arrow")
    (found,) = rows(tmp_path / "a.arrow")
    assert found.value == {"at": "2023-11-14T22:13:20.000000001"}


def array_of(kind: pa.DataType, buffers: list[Any], size: int, children: list[pa.Array] | None = None) -> pa.Array:
    made = [None if one is None else pa.py_buffer(np.array(one, dtype=np.int32).tobytes()) for one in buffers]
    return pa.Array.from_buffers(kind, size, made, children=children)


def test_offsets_that_lead_astray_are_found_before_they_are_followed() -> None:
    """Without validation each of these reads memory that is not its own."""
    ends = pa.py_buffer(np.array([0, 2**30, 3], np.int32).tobytes())
    text = pa.Array.from_buffers(pa.string(), 2, [None, ends, pa.py_buffer(b"abc")])
    lists = array_of(pa.list_(pa.int32()), [None, [0, 1, 2**30, 3]], 3, [pa.array([7, 8, 9], pa.int32())])
    words = pa.DictionaryArray.from_arrays(pa.array([0, 2**30], pa.int32()), pa.array(["x"]), safe=False)
    assert all(isinstance(cell, cells_checked.Fault) for cell in cells_checked.cells(text))
    assert cells_checked.cells(lists)[0] == [7] and isinstance(cells_checked.cells(lists)[1], cells_checked.Fault)
    assert cells_checked.cells(words)[0] == "x" and isinstance(cells_checked.cells(words)[1], cells_checked.Fault)


def test_two_columns_or_fields_of_one_name(tmp_path: Path) -> None:
    ipc(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), tmp_path / "a.arrow")
    with pytest.raises(InputError, match="two columns called 'a'"):
        list(rows(tmp_path / "a.arrow"))


def test_what_lies_before_the_damage_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"instruction": [f"row {n} {'x' * 200}" for n in range(2_000)], "output": ["y"] * 2_000})
    pq.write_table(table, path, row_group_size=1_000, compression="snappy")
    data = bytearray(path.read_bytes())
    data[len(data) * 2 // 3 : len(data) * 2 // 3 + 60] = bytes(60)
    path.write_bytes(data)
    found = list(rows(path))
    good = [raw.value["instruction"] for raw in found if isinstance(raw.value, dict)]
    assert len(good) >= 1_000 and good == table["instruction"].to_pylist()[: len(good)]
    assert found[-1].error and found[-1].line == len(found) == len(good) + 1


def test_a_damaged_table_among_others_is_put_aside(tmp_path: Path) -> None:
    for name in ("a.parquet", "c.parquet"):
        plain_parquet(pa.table({"instruction": GOOD, "output": GOOD}), tmp_path / name)
    (tmp_path / "b.parquet").write_bytes(b"PAR1" + bytes(300) + b"PAR1")
    (tmp_path / "d.arrow").write_bytes(b"ARROW1" + b"\xff" * 300)
    with open_run(tmp_path / "run") as run:
        source = read_inputs(run, read_ask([tmp_path]))
        assert (source.table.num_rows, len(source.quarantined), source.total) == (8, 2, 10)
        assert [Path(row["file"]).name for row in source.quarantined] == ["b.parquet", "d.arrow"]
        assert sum("cannot be read" in note for note in source.notes) == 2
        with pytest.raises(InputError, match=r"b\.parquet cannot be read as Parquet"):
            read_inputs(run, read_ask([tmp_path / "b.parquet"]))
        with pytest.raises(InputError, match=r"b\.parquet cannot be read as Parquet"):
            read_inputs(run, read_ask([tmp_path], strict=True))


def started(tmp_path: Path) -> tuple[Path, int]:
    """Return a table, and the process that waits to read it."""
    path = tmp_path / "a.arrow"
    ipc(pa.table({"a": range(3)}), path)
    assert len([*rows(path)]) == 3
    return path, table_reader._IDLE[-1].process.pid


def test_a_reader_that_is_killed_is_one_line(tmp_path: Path) -> None:
    path, reader = started(tmp_path)
    os.kill(reader, signal.SIGSTOP)
    found = rows(path)
    os.kill(reader, signal.SIGSEGV)
    os.kill(reader, signal.SIGCONT)
    with pytest.raises(InputError, match=r"is damaged: its reader was killed by it \(SIGSEGV\)"):
        list(found)
    assert len([*rows(path)]) == 3  # the next one starts afresh


def test_a_reader_that_never_ends_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, reader = started(tmp_path)
    monkeypatch.setattr(table_reader, "PATIENCE", 0.2)
    os.kill(reader, signal.SIGSTOP)
    with pytest.raises(InputError, match="said nothing for 0 seconds"):
        list(rows(path))
    with pytest.raises(ProcessLookupError):
        os.kill(reader, 0)


def test_one_reader_serves_many_tables_and_one_that_was_left_is_ended(tmp_path: Path) -> None:
    path, reader = started(tmp_path)
    begun = rows(path)
    assert isinstance(next(begun), Raw)
    begun.close()  # type: ignore[attr-defined]
    assert reader not in [one.process.pid for one in table_reader._IDLE]


def test_a_table_that_unpacks_to_more_than_memory_is_one_line(tmp_path: Path) -> None:
    """1,000,000 rows of one text of 1 MB in 3 MB of Parquet: a row each, and never more than a few at a time."""
    path = tmp_path / "a.parquet"
    words = pa.DictionaryArray.from_arrays(pa.array(np.zeros(1_000_000, np.int32)), pa.array(["x" * (1 << 20)]))
    pq.write_table(pa.table({"instruction": words}), path)
    found = rows(path)
    assert all(len(next(found).raw) > 1 << 20 for _ in range(3))
    found.close()  # type: ignore[attr-defined]
