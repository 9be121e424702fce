"""What a Python caller hands in becomes the files and names that the verbs read."""

from collections.abc import Callable, Iterator
from pathlib import Path

import datasets
import orjson
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cuvee.errors import InputError
from cuvee.intake.given import plain
from cuvee.result import Result

ROWS = [{"instruction": f"Say {number}", "output": "word " * (number + 1), "n": number} for number in range(7)]
MAKERS: dict[str, Callable[[], object]] = {
    "list": lambda: ROWS,
    "tuple": lambda: tuple(ROWS),
    "iterator": lambda: iter(ROWS),
    "generator": lambda: (row for row in ROWS),
    "columns": lambda: {key: [row[key] for row in ROWS] for key in ROWS[0]},
    "polars": lambda: pl.DataFrame(ROWS),
    "lazy": lambda: pl.LazyFrame(ROWS),
    "pandas": lambda: pd.DataFrame(ROWS),
    "arrow": lambda: pa.Table.from_pylist(ROWS),
    "reader": lambda: pa.Table.from_pylist(ROWS).to_reader(2),
    "data set": lambda: datasets.Dataset.from_list(ROWS),
    "streamed": lambda: datasets.Dataset.from_list(ROWS).to_iterable_dataset(),
    "chosen from": lambda: datasets.Dataset.from_list([*ROWS, *ROWS]).select(range(7)),
}


def rows_in(path: object) -> list[dict[str, object]]:
    """Return the rows of a file that was made."""
    file = Path(str(path))
    if file.suffix == ".parquet":
        table: list[dict[str, object]] = pq.read_table(file).to_pylist()
        return table
    return [orjson.loads(line) for line in file.read_bytes().splitlines()]


@pytest.mark.parametrize("kind", MAKERS)
def test_rows_of_every_kind_are_the_rows_of_one_file_named_after_its_content(kind: str) -> None:
    path = plain(MAKERS[kind]())
    assert rows_in(path) == ROWS
    assert plain(MAKERS[kind]()) == path


def test_a_dictionary_of_data_sets_is_a_file_for_each() -> None:
    paths = plain(datasets.DatasetDict(a=datasets.Dataset.from_list(ROWS[:3]), b=datasets.Dataset.from_list(ROWS[3:])))
    assert isinstance(paths, list)
    assert [row for path in paths for row in rows_in(path)] == ROWS


def test_many_of_any_kind_are_one_path_for_each(tmp_path: Path) -> None:
    found = plain([pl.DataFrame(ROWS[:2]), tmp_path, "pool"])
    assert isinstance(found, list)
    assert rows_in(found[0]) == ROWS[:2] and found[1:] == [tmp_path, "pool"]


def test_mixed_columns_of_pandas_are_kept_as_they_are() -> None:
    mixed = [{"instruction": "a", "output": 1}, {"instruction": "b", "output": "two"}]
    assert rows_in(plain(pd.DataFrame(mixed))) == mixed


def test_a_run_is_its_folder(tmp_path: Path) -> None:
    assert plain(Result(tmp_path / "run", {})) == str(tmp_path / "run")


@pytest.mark.parametrize("value", [None, True, 3, 0.5, "5%", {"by": "task"}, ["random", "full"], Path("pool")])
def test_words_stay_words(value: object) -> None:
    assert plain(value) == value


def endless() -> Iterator[object]:
    yield {"instruction": "a", "output": "b"}
    yield "no dictionary"


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (endless(), "row 1 that was given is a str"),
        ([{"instruction": "a", "output": object()}], "row 0 that was given cannot be written"),
        ({"instruction": ["a", "b"], "output": ["c"]}, "differ in length"),
        (iter(()), "no rows"),
        (pl.DataFrame(schema={"instruction": pl.String}), "no rows"),
    ],
)
def test_what_is_no_data_is_one_line_and_leaves_no_file(value: object, line: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=line):
        plain(value)
