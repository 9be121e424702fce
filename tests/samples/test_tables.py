"""Rows of CSV, Parquet, Arrow and saved folders: cells stay what they are."""

import datetime
import decimal
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from cuvee.errors import InputError
from cuvee.samples import containers, inputs
from cuvee.samples.raw import Raw

ROWS: list[dict[str, Any]] = [
    {"id": 1, "messages": [{"role": "user", "content": "é 😀"}, {"role": "assistant", "content": None}], "n": 1.5},
    {"id": 2, "messages": [], "n": None},
    {"id": 3, "messages": [{"role": "user", "content": "x\ny"}], "n": float("nan")},
]
READ: list[dict[str, Any]] = [ROWS[0], ROWS[1], {**ROWS[2], "n": None}]  # JSON has no word for NaN


def csv_rows(data: bytes | str, folder: Path, name: str = "rows.csv") -> list[Raw]:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(containers.rows(path))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "bom"])
def test_csv_cells_stay_text(end: str, separator: str, mark: str, tmp_path: Path) -> None:
    cells = [["instruction", "output"], ["007", "456"], ['"a ""b"" \n c"', "1.50"], ["true", ""], ["é😀", '"x,;|\ty"']]
    found = csv_rows(mark + end.join(separator.join(row) for row in cells), tmp_path)
    assert [raw.value for raw in found] == [
        {"instruction": "007", "output": "456"},
        {"instruction": 'a "b" \n c', "output": "1.50"},
        {"instruction": "true", "output": ""},
        {"instruction": "é😀", "output": "x,;|\ty"},
    ]
    assert [raw.line for raw in found] == [1, 2, 3, 4]
    assert [json.loads(raw.raw) for raw in found] == [raw.value for raw in found]


def test_csv_rows_of_the_wrong_length_are_broken(tmp_path: Path) -> None:
    good, short, long = csv_rows("a,b\n1,2\n\n3\n4,5,6\n", tmp_path)
    assert good.value == {"a": "1", "b": "2"}
    assert (short.line, short.value, short.error) == (2, None, "it has 1 cells, the header names 2 columns")
    assert (long.line, long.value, long.error) == (3, None, "it has 3 cells, the header names 2 columns")
    assert short.raw == b'["3"]'


def test_csv_long_cells_and_block_edges(tmp_path: Path) -> None:
    answer = "a long answer,\r\n" * 200_000  # 3 MB: longer than the csv module's own limit, and than a block
    (found,) = csv_rows(f'q,a\r\nx,"{answer}"\r\n', tmp_path)
    assert found.value == {"q": "x", "a": answer}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\n1,2\n", "no header line"),
        (b"", "no header line"),
        (b"output,output\n1,2\n", "two columns called 'output'"),
        ("a,b\n1,2\n".encode("utf-16"), "is UTF-16"),
    ],
)
def test_csv_that_is_none(data: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message) as problem:
        csv_rows(data, tmp_path)
    assert problem.value.hint


@pytest.mark.parametrize("name", ["rows.parquet", "rows.pq", "rows"])
def test_parquet(name: str, tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / name, row_group_size=2)
    assert [raw.value for raw in containers.rows(tmp_path / name)] == READ


@pytest.mark.parametrize("kind", ["file", "stream", "feather"])
def test_arrow(kind: str, tmp_path: Path) -> None:
    table, path = pa.Table.from_pylist(ROWS), tmp_path / "rows.arrow"
    if kind == "feather":
        feather.write_feather(table, str(path))
    else:
        new = pa.ipc.new_file if kind == "file" else pa.ipc.new_stream
        with new(str(path), table.schema) as sink:
            sink.write_table(table, max_chunksize=2)
    found = list(containers.rows(path))
    assert [raw.value for raw in found] == READ
    assert [raw.line for raw in found] == [1, 2, 3]


def test_cells_that_json_has_no_word_for(tmp_path: Path) -> None:
    row = {
        "when": datetime.datetime(2024, 1, 2, 3, 4, 5),
        "day": datetime.date(2024, 1, 2),
        "price": decimal.Decimal("1.20"),
        "text": b"plain",
        "blob": b"\xff\x00",
        "large": 2**64 - 1,
    }
    schema = pa.schema([(key, pa.uint64() if key == "large" else pa.infer_type([value])) for key, value in row.items()])
    pq.write_table(pa.Table.from_pylist([row], schema), tmp_path / "a.parquet")
    (found,) = containers.rows(tmp_path / "a.parquet")
    assert found.value == {
        "when": "2024-01-02T03:04:05",
        "day": "2024-01-02",
        "price": "1.20",
        "text": "plain",
        "blob": "/wA=",
        "large": 2**64 - 1,
    }


@pytest.mark.parametrize("cut", [50, 200])
def test_tables_cut_short(cut: int, tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(ROWS * 100), tmp_path / "a.parquet")
    data = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "b.parquet").write_bytes(data[:-cut])
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        list(containers.rows(tmp_path / "b.parquet"))


@pytest.mark.parametrize("split", [False, True])
def test_folders_that_datasets_saved(split: bool, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="the hub extra is not installed")
    data = datasets.Dataset.from_list([{"instruction": str(i), "output": "x"} for i in range(5)])
    folder = tmp_path / "saved"
    if split:
        parts = {"train": data.select([3, 0]), "test": data.select([4])}
        datasets.DatasetDict(parts).save_to_disk(str(folder))
    else:
        data.select([3, 0, 4]).save_to_disk(str(folder), num_shards=2)
    assert inputs.expand([folder]) == [folder] and inputs.expand([tmp_path]) == [folder]
    found = list(containers.rows(folder))
    assert [raw.value["instruction"] for raw in found if isinstance(raw.value, dict)] == ["3", "0", "4"]
    assert [raw.line for raw in found] == [1, 2, 3]
    assert containers.identity(folder)["bytes"] > 0
