"""Rows of tables: CSV and TSV, Parquet, Arrow files and streams, folders that ``datasets`` saved."""

import codecs
import csv
import itertools
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson
import pyarrow as pa

from cuvee.errors import InputError
from cuvee.samples.raw import Raw, compact, refuse_utf16

ROWS = 1024  # that are Python objects at one time
SEPARATORS = ",;\t|"
LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r(?=.))", re.DOTALL)  # a \r at the end may be half of \r\n


def csv_rows(blocks: Iterable[bytes], name: str) -> Iterator[Raw]:
    """Yield the rows of a CSV or TSV file; every cell stays text. Raises InputError without a header line,
    and for one that names two columns alike.
    """
    csv.field_size_limit(sys.maxsize)  # the module's own limit, 128 KiB, is shorter than real answers
    source = iter(blocks)
    start = next(source, b"")
    refuse_utf16(start, name)
    lines = _text_lines(itertools.chain([start], source))
    first = next(lines, "")
    separator = "\t" if ".tsv" in name else max(SEPARATORS, key=first.count)
    reader = csv.reader(itertools.chain([first], lines), delimiter=separator)
    header = next(reader, [])
    _check_header(header, name)
    for number, cells in enumerate((cells for cells in reader if cells), start=1):
        if len(cells) == len(header):
            row: dict[str, object] = dict(zip(header, cells, strict=True))
            yield Raw(number, compact(row), row)
        else:
            what = f"it has {len(cells)} cells, the header names {len(header)} columns"
            yield Raw(number, compact(cells), None, what)


def _check_header(header: list[str], name: str) -> None:
    named = [cell for cell in header if cell.strip()]
    if not named:
        raise InputError(f"{name} has no header line", "the first line must name the columns")
    twice = next((cell for cell in named if named.count(cell) > 1), None)
    if twice is not None:
        raise InputError(f"{name} has two columns called {twice!r}", "give one of them another name")


def _text_lines(blocks: Iterable[bytes]) -> Iterator[str]:
    """Yield lines with their ends, as the csv module wants them (a line break in a cell is part of the cell)."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    rest = ""
    for block in blocks:
        text, end = rest + decoder.decode(block), 0
        for found in LINE.finditer(text):
            yield found.group()
            end = found.end()
        rest = text[end:]
    if rest:
        yield rest


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


def saved_files(folder: Path) -> list[Path]:
    """Return the Arrow files of a folder that ``datasets`` saved (one data set, or one per split), in their order."""
    splits = folder / "dataset_dict.json"
    if splits.exists():
        return [path for split in orjson.loads(splits.read_bytes())["splits"] for path in saved_files(folder / split)]
    state = orjson.loads((folder / "state.json").read_bytes())
    return [folder / entry["filename"] for entry in state["_data_files"]]


def is_saved(folder: Path) -> bool:
    """Return whether ``datasets`` saved this folder."""
    if (folder / "dataset_dict.json").exists():
        return True
    state = folder / "state.json"
    return state.exists() and b"_data_files" in state.read_bytes()
