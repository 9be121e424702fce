"""Rows of tables: Parquet, Arrow files and streams."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson
import pyarrow as pa

from cuvee.errors import InputError
from cuvee.samples.raw import Raw, compact

ROWS = 1024  # that are Python objects at one time


def table_rows(tables: Iterable[pa.RecordBatch | pa.Table]) -> Iterator[Raw]:
    """Yield the rows of Arrow batches; nested cells stay nested, what JSON has no word for becomes text."""
    number = 0
    for table in tables:
        for start in range(0, table.num_rows, ROWS):
            for row in table.slice(start, ROWS).to_pylist():
                number += 1
                raw = compact(row)
                yield Raw(number, raw, orjson.loads(raw))


def parquet_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield the batches of a Parquet file."""
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size=ROWS)
    except (pa.ArrowInvalid, OSError) as wrong:
        raise InputError(f"{path} cannot be read as Parquet: {wrong}", "fetch or write it again") from wrong


def arrow_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield the batches of an Arrow IPC file or stream, memory-mapped."""
    try:
        with pa.memory_map(str(path)) as source:
            if source.read(6) == b"ARROW1":
                source.seek(0)
                file = pa.ipc.open_file(source)
                yield from map(file.get_batch, range(file.num_record_batches))
            else:
                source.seek(0)
                yield from pa.ipc.open_stream(source)
    except (pa.ArrowInvalid, OSError) as wrong:
        raise InputError(f"{path} cannot be read as Arrow: {wrong}", "fetch or write it again") from wrong
