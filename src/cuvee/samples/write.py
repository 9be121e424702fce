"""Chosen rows -> one file, whole or not at all."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cuvee import disk
from cuvee.arrays import I64
from cuvee.errors import ConfigError, InputError
from cuvee.loose_json import dumps
from cuvee.names import find
from cuvee.progress import say
from cuvee.samples import parquet
from cuvee.samples.formats import FORMATS, Format
from cuvee.samples.others import Others
from cuvee.samples.rendering import along, raw
from cuvee.samples.schema import SampleRow

ROWS = 4096  # rows held in memory at a time
FILES = ("jsonl", "parquet", "json")
# a string (the reader lets raw line breaks in strings through), or line breaks between the parts of a row
STRING_OR_BREAK = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|(?<![ \t])[ \t]*+[\r\n][ \t\r\n]*+', re.DOTALL)
SAME = ("id", "raw", "messages", "rejected", "stripped")
RENDERED = ("id", "source", "task", "license", "file", "messages", "tools", "rejected", "along")


@dataclass(frozen=True)
class _Plan:
    """What a first look at all rows has settled.

    keys: in each row, null where it has none; empty for ``same``. texts: of the columns that go along those that are written
    as JSON text, since their rows differ in type: no loader would take them otherwise. floats: of whole and other numbers.
    """

    shape: Format
    flat: bool
    keys: list[str]
    texts: frozenset[str]
    floats: frozenset[str]

    def rows(self, row: SampleRow) -> list[dict[str, object]]:
        """Return what is written for a row, every key in each."""
        made = self.shape.rows(row, flat=self.flat)
        if not self.keys:
            return made
        return [{key: self._cell(key, one.get(key)) for key in self.keys} for one in made]

    def _cell(self, key: str, value: object) -> object:
        if isinstance(value, int) and key in self.floats:
            return float(value)
        return dumps(value) if key in self.texts and value is not None else value


def write(table: pa.Table, rows: I64, path: Path, *, format: str = "same", file: str = "jsonl") -> Path:
    """Write ``table[rows]`` in the order of ``rows`` and return ``path``; equal input gives equal bytes.

    table: columns of SAMPLE. rows: (k,) int64. format: a name in FORMATS. file: jsonl, json (an array) or parquet.
    ``same``: a row of JSONL or of a JSON array is the raw row byte for byte, without the end marks that were taken off its
    answers when it was read (null ``stripped``: none), and except that in JSONL a row that was written
    over several lines loses its line breaks and the blanks beside them; a raw line break inside a string, which strict
    JSON forbids, becomes its escape. In Parquet the row's keys become columns; one whose values differ in type, or in the
    keys of their objects, holds JSON text.
    Other formats: every row has the same keys, null where it lacks one, because loaders infer the columns from the first
    rows. In Parquet nested tool arguments and ``tools`` are JSON text.
    Raises InputError, before anything is written, where the format cannot hold some rows.
    """
    shape = find(FORMATS, format, "format")
    chosen = _Chosen(table, rows, SAME if format == "same" else RENDERED)
    if file not in FILES:
        raise ConfigError(f"unknown kind of file {file!r}", f"known: {', '.join(FILES)}")
    plan = _look(chosen, shape)
    unfinished = disk.folder(path.parent) / f".{path.name}.{os.getpid()}.tmp"
    try:
        if file == "parquet":
            _write_parquet(chosen, plan, unfinished, fill=format != "same")
        else:
            with disk.create(unfinished) as out:
                _write_json(_lines(chosen, plan, format, file), out, array=file == "json")
        disk.rename(unfinished, path)
    finally:
        disk.remove(unfinished)
    return path


class _Chosen:
    """The chosen rows, a list of dicts at a time.

    Rows are taken from the table's batches one by one: ``Table.take`` would first join all chunks of a column into one,
    which costs their size in memory each time and cannot hold more than 2 GiB of text.
    """

    def __init__(self, table: pa.Table, rows: I64, needed: Sequence[str]) -> None:
        self.rows = rows
        self.batches = table.select([name for name in needed if name in table.column_names]).to_batches()
        self.starts = np.cumsum([0, *(batch.num_rows for batch in self.batches)])

    def __iter__(self) -> Iterator[list[SampleRow]]:
        for start in range(0, len(self.rows), ROWS):
            yield self._take(self.rows[start : start + ROWS])

    def _take(self, rows: I64) -> list[SampleRow]:
        home = np.searchsorted(self.starts, rows, side="right") - 1
        taken: dict[int, SampleRow] = {}
        for batch in np.unique(home):
            at = np.flatnonzero(home == batch)
            found = self.batches[batch].take(pa.array(rows[at] - self.starts[batch])).to_pylist()
            for place, row in zip(at, found, strict=True):
                taken[int(place)] = row
        return [taken[place] for place in range(len(rows))]


def _look(chosen: _Chosen, shape: Format) -> _Plan:
    """Check every row against the format; choose the flat rendering where it holds all; collect the keys."""
    unfit: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    first, flat = "", shape.flat is not None
    keys: dict[bool, dict[str, None]] = {True: {}, False: {}}
    others = Others()
    for row in (row for batch in chosen for row in batch):
        reason = shape.unfit(row)
        if reason:
            unfit[reason] += 1
            first = first or row["id"]
            continue
        lost.update(shape.lost(row))
        flat = flat and shape.flat_fits(row)
        if shape.name != "same":
            others.add(along(row))
            for made in shape.rows(row, flat=False):
                keys[False].update(dict.fromkeys(made))
        if flat and shape.flat:
            keys[True].update(dict.fromkeys(shape.flat(row)))
    if unfit:
        raise _refusal(shape, unfit, first)
    for name, count in sorted(lost.items()):
        say(f"note      {shape.name} has no place for {name!r}: left out of {count:,} rows")
    texts = frozenset(others.uneven())
    if texts:
        say(
            f"note      columns that hold JSON text, because their rows differ in type or keys: {', '.join(sorted(texts))}"
        )
    return _Plan(shape, flat, _ordered(keys[flat]), texts, frozenset(others.numbers()))


def require_fit(table: pa.Table, format: str) -> None:
    """Raise InputError where a format cannot hold some rows of a table, columns of SAMPLE; nothing is written."""
    shape = find(FORMATS, format, "format")
    unfit: Counter[str] = Counter()
    first = ""
    if not shape.holds_all:
        needed = SAME if format == "same" else RENDERED
        for row in (row for batch in _Chosen(table, np.arange(table.num_rows), needed) for row in batch):
            if reason := shape.unfit(row):
                unfit[reason] += 1
                first = first or row["id"]
    if unfit:
        raise _refusal(shape, unfit, first)


def _refusal(shape: Format, unfit: Counter[str], first: str) -> InputError:
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in sorted(unfit.items()))
    return InputError(
        f"the format {shape.name!r} cannot hold {sum(unfit.values()):,} rows: {reasons} (the first is {first!r})",
        "--format messages holds every row",
    )


def _ordered(keys: dict[str, None]) -> list[str]:
    """Return the keys as rows have them, but those of the last places last whichever row was first to have them."""
    last = ("tools", "source", "task", "license")
    return [key for key in keys if key not in last] + [key for key in last if key in keys]


def _lines(chosen: _Chosen, plan: _Plan, format: str, file: str) -> Iterator[bytes]:
    for row in (row for batch in chosen for row in batch):
        if format != "same":
            yield from (dumps(made).encode() for made in plan.rows(row))
        else:
            yield raw(row) if file == "json" else one_line(raw(row))


def one_line(raw: bytes) -> bytes:
    """Return raw JSON on one line: line breaks and the blanks beside them go, those in strings become escapes."""
    return STRING_OR_BREAK.sub(_unbroken, raw) if b"\n" in raw or b"\r" in raw else raw


def _unbroken(match: re.Match[bytes]) -> bytes:
    found = match.group()
    return found.replace(b"\r", b"\\r").replace(b"\n", b"\\n") if found.startswith(b'"') else b""


def _write_json(lines: Iterator[bytes], out: IO[bytes], *, array: bool) -> None:
    """Write one row a line, or an array with one element after the other."""
    before, after = (b"[\n", b"") if array else (b"", b"\n")
    for line in lines:
        out.write(before + line + after)
        before = b",\n" if array else b""
    if array:
        out.write(b"[]\n" if before == b"[\n" else b"\n]\n")


def _write_parquet(chosen: _Chosen, plan: _Plan, path: Path, *, fill: bool) -> None:
    """Write row groups of ROWS rows. fill: turns may have different keys; else such a column is JSON text."""

    def batches() -> Iterator[list[dict[str, object]]]:
        for batch in chosen:
            made = [one for row in batch for one in plan.rows(row)]
            yield [parquet.plain_turns(one) for one in made] if fill else made

    schema, texts = parquet.infer(batches(), fill=fill)
    texts = [*texts, *parquet.unfit(batches(), schema, texts)]
    schema = parquet.as_text(schema, texts)
    if texts:
        note = f"columns that hold JSON text, because their rows differ in type or keys: {', '.join(texts)}"
        say(f"note      {note}")
        schema = schema.with_metadata({"note": note})
    with disk.create(path) as file, pq.ParquetWriter(file, schema, compression="zstd") as out:
        for batch in batches():
            out.write_batch(parquet.batch(batch, schema, texts))
