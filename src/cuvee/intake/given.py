"""What a Python caller hands in: tables, data sets, rows and objects, as the paths and names that the verbs read."""

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, runtime_checkable

import orjson

from cuvee import names
from cuvee.commands import Table
from cuvee.errors import InputError
from cuvee.result import Result
from cuvee.samples import streams

if TYPE_CHECKING:
    import pyarrow as pa

OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
NO_ROWS = ("the data that was given has no rows", "give at least one")
BATCH = 10_000  # rows of a data set that are held at once


@runtime_checkable
class DataSet(Protocol):
    """A data set of the ``datasets`` library, in memory, mapped or streamed."""

    def with_format(self, kind: str) -> "DataSet":
        """Return it with another form of batches."""

    def iter(self, batch_size: int) -> "Iterator[pa.Table]":
        """Yield its batches."""


@runtime_checkable
class Lazy(Protocol):
    """A table that is not computed yet, as polars has it."""

    def collect(self) -> Table:
        """Compute it."""

    def collect_schema(self) -> object:
        """Return the names and types of its columns."""


def plain(value: object) -> object:
    """Return a value as the command line could give it: data as the path of a file, a run as its folder, code as a name.

    Data: a data set, a dictionary of them as ``datasets`` loads, a table, a dictionary of columns, a list or any other
    iterable of dictionaries. It is written once into a temporary file named after its content, as standard input is.
    Raises InputError for rows that are no dictionaries, or hold what neither JSON nor Arrow can.
    """
    if value is None or isinstance(value, str | int | float | Path):
        return value
    if isinstance(value, Result):
        return str(value.folder)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return _mapping(value)
    return _data(value)


def _mapping(value: Mapping[str, object]) -> object:
    if value and all(isinstance(part, DataSet) for part in value.values()):
        return [plain(part) for part in value.values()]
    if value and all(isinstance(part, list | tuple) for part in value.values()):
        columns = [part for part in value.values() if isinstance(part, list | tuple)]
        if len({len(column) for column in columns}) > 1:
            raise InputError("the columns that were given differ in length", "give columns of one length")
        return _rows(dict(zip(value, row, strict=True)) for row in zip(*columns, strict=True))
    return {key: plain(part) for key, part in value.items()}


def _data(value: object) -> object:
    if isinstance(value, DataSet):
        return _parquet(value.with_format("arrow").iter(BATCH))
    if isinstance(value, Lazy) and not isinstance(value, Table):
        value = value.collect()
    if isinstance(value, Table):
        return _table(value)
    return _many(value) if isinstance(value, Iterable) else names.called(value)


def _many(value: Iterable[object]) -> object:
    """Return rows as a file; of anything else the parts, each plain."""
    parts = iter(value)
    first = next(parts, None)
    everything = chain([] if first is None else [first], parts)
    if isinstance(first, Mapping) or (first is None and not isinstance(value, list | tuple)):
        return _rows(everything)
    return [plain(part) for part in everything]


def _table(table: Table) -> str:
    """Return a table as a Parquet file; one whose columns hold what Arrow has no type for as JSON lines."""
    import pyarrow as pa

    try:
        return _parquet(pa.RecordBatchReader.from_stream(table))
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        records = getattr(table, "to_dict", None)  # pandas, with columns of mixed types
        if records is None:
            raise
        return _rows(records("records"))


def _parquet(batches: "Iterable[pa.Table | pa.RecordBatch]") -> str:
    import pyarrow as pa
    import pyarrow.parquet as pq

    def fill(file: BinaryIO) -> None:
        writer, rows = None, 0
        for batch in batches:
            part = batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch])
            writer = writer or pq.ParquetWriter(file, part.schema)
            writer.write_table(part.cast(writer.schema))
            rows += part.num_rows
        if writer is not None:
            writer.close()
        if not rows:
            raise InputError(*NO_ROWS)

    return str(streams.filled("given", ".parquet", fill))


def _rows(rows: Iterable[object]) -> str:
    """Return dictionaries as a file of JSON lines."""

    def fill(file: BinaryIO) -> None:
        number = -1
        for number, row in enumerate(rows):
            if not isinstance(row, Mapping):
                raise InputError(f"row {number} that was given is a {type(row).__name__}", "give dictionaries")
            try:
                file.write(orjson.dumps(dict(row), option=OPTIONS) + b"\n")
            except TypeError as wrong:
                raise InputError(
                    f"row {number} that was given cannot be written: {wrong}", "give what JSON can hold"
                ) from wrong
        if number < 0:
            raise InputError(*NO_ROWS)

    return str(streams.filled("given", ".jsonl", fill))
