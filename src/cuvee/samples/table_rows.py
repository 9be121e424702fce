"""Rows of tables: Parquet, Arrow files and streams. Nothing is read that was not checked."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson
import pyarrow as pa

from cuvee.errors import InputError
from cuvee.loose_json import is_deep
from cuvee.samples import cells_checked
from cuvee.samples.raw import DEEP, ROW_BYTES, Raw, compact, too_long

LONG = "too long"
ROWS = 1024  # that are Python objects at one time, at most
BYTES = 64 << 20  # of rows that are so, where one alone has not more


def table_rows(tables: Iterable[pa.RecordBatch | pa.Table], most: int = ROW_BYTES) -> Iterator[Raw]:
    """Yield the rows of Arrow batches; nested cells stay nested, what JSON has no word for becomes text.

    Every batch is validated in full before it is touched: a row with a bad cell, or of more than ``most`` bytes, has an error.
    """
    number = 0
    for table in tables:
        for batch in table.to_batches() if isinstance(table, pa.Table) else [table]:
            _refuse_twins(batch.schema)
            for part in _parts(batch, most):
                for row, wrong in [({}, LONG)] if part is None else cells_checked.rows(part):
                    number += 1
                    yield _raw(number, row, wrong, most)


def _parts(batch: pa.RecordBatch, most: int) -> Iterator[pa.RecordBatch | None]:
    """Yield the batch in parts of which each fits into memory as Python objects; None for a row that is too long."""
    step = max(1, min(ROWS, BYTES * batch.num_rows // max(1, batch.get_total_buffer_size())))
    for start in range(0, batch.num_rows, step):
        part = batch.slice(start, step)
        if _bytes(part) <= most:
            yield part
            continue
        for at in range(part.num_rows):
            row = part.slice(at, 1)
            yield row if _bytes(row) <= most else None


def _bytes(batch: pa.RecordBatch) -> int:
    try:
        return int(batch.nbytes)
    except cells_checked.FAULTS:  # what is not sound has no length; it is looked at cell by cell
        return 0


def _raw(number: int, row: dict[str, object], wrong: str, most: int) -> Raw:
    if wrong == LONG:
        return too_long(number, b"", most)
    try:
        raw = compact(row)
    except (TypeError, ValueError, RecursionError) as why:
        return Raw(number, b"", None, wrong or f"it cannot be written as JSON: {why}")
    if len(raw) > most:
        return too_long(number, raw, most)
    if wrong:
        return Raw(number, raw, None, wrong)
    value: dict[str, object] = orjson.loads(raw)
    return Raw(number, raw, None, DEEP) if is_deep(value) else Raw(number, raw, value)


def _refuse_twins(schema: pa.Schema) -> None:
    twice = next((name for name in schema.names if schema.names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"the table has two columns called {twice!r}", "give one of them another name")


def batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield the batches of a Parquet or Arrow file, in order. Raises InputError where it is neither, or damaged."""
    with path.open("rb") as file:
        parquet = file.read(4) == b"PAR1"
    kind = "Parquet" if parquet else "Arrow"
    try:
        yield from _parquet_batches(path) if parquet else _arrow_batches(path)
    except (pa.ArrowException, OSError, ValueError, KeyError, OverflowError, NotImplementedError) as wrong:
        reason = " ".join(str(wrong).split())[:300]
        raise InputError(f"{path} cannot be read as {kind}: {reason}", "fetch or write it again") from wrong


def _parquet_batches(path: Path) -> Iterator[pa.RecordBatch]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for group in range(file.metadata.num_row_groups):
            about = file.metadata.row_group(group)
            step = max(1, min(ROWS, BYTES * about.num_rows // max(1, about.total_byte_size)))
            yield from file.iter_batches(batch_size=step, row_groups=[group], use_threads=False)


def _arrow_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield the batches of an Arrow IPC file or stream, memory-mapped."""
    with pa.memory_map(str(path)) as source:
        if source.read(6) == b"ARROW1":
            source.seek(0)
            file = pa.ipc.open_file(source)
            yield from map(file.get_batch, range(file.num_record_batches))
        else:
            source.seek(0)
            yield from pa.ipc.open_stream(source)
