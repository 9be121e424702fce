"""Rows of CSV and TSV files."""

import codecs
import csv
import itertools
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cuvee.errors import InputError
from cuvee.samples.raw import KEPT, ROW_BYTES, Raw, compact, refuse_utf16, too_long

SEPARATORS = ",;\t|"
END = re.compile(r"\r\n|\n|\r(?=.)", re.DOTALL)  # a \r at the end may be half of \r\n
TOO_LONG = "too long"
MENDED = 20  # records that are taken apart again, at most: each costs another look at the lines that it swallowed


class CutLine(str):
    """The start of a line that is longer than a row may be."""


def csv_rows(blocks: Iterable[bytes], name: str, most: int = ROW_BYTES) -> Iterator[Raw]:
    """Yield the rows of a CSV or TSV file; every cell stays text. Raises InputError without a header line,
    for one that names two columns alike, and for a file with more than 20 quotes that are never closed.

    A quote that is not closed swallows the lines behind it: the line in which it opens becomes a row with an error, and
    reading goes on with the next one. most: characters of a row; a longer one has an error, and no more is ever held.
    """
    csv.field_size_limit(sys.maxsize)  # the module's own limit, 128 KiB, is shorter than real answers
    source = iter(blocks)
    start = next(source, b"")
    refuse_utf16(start, name)
    lines = _text_lines(itertools.chain([start], source), most)
    first = next(lines, "")
    if isinstance(first, CutLine):
        raise InputError(f"{name} has no header line, but one of more than {most:,} characters", "is it CSV?")
    separator = "\t" if ".tsv" in name else max(SEPARATORS, key=first.count)
    records = _Records(itertools.chain([first], lines), separator, name, most)
    header = records.header()
    _check_header(header, name)
    for number, (cells, swallowed) in enumerate(records.split(len(header)), start=1):
        if swallowed == TOO_LONG:
            yield too_long(number, compact(cells), most)
        elif swallowed:
            yield Raw(number, compact(cells), None, swallowed)
        elif len(cells) == len(header):
            row: dict[str, object] = dict(zip(header, cells, strict=True))
            yield Raw(number, compact(row), row)
        else:
            what = f"it has {len(cells)} cells, the header names {len(header)} columns"
            yield Raw(number, compact(cells), None, what)


@dataclass
class _Records:
    """The records of a file, from its lines. taken: the lines of the record at hand."""

    lines: Iterator[str]
    separator: str
    name: str
    most: int
    taken: list[str] = field(default_factory=list)
    mended: int = 0

    def header(self) -> list[str]:
        """Return the first record."""
        found = next(csv.reader(self._noted(), delimiter=self.separator), [])
        self.taken = []
        return found

    def split(self, columns: int) -> Iterator[tuple[list[str], str]]:
        """Yield the cells of each record that is not empty, and what is wrong where it swallowed lines of others."""
        while True:
            self.taken = []
            cells = next(csv.reader(self._noted(), delimiter=self.separator), None)
            if cells is None:
                return
            if isinstance(self.taken[0], CutLine):
                yield [self.taken[0]], TOO_LONG
            elif self._swallows(len(cells) == columns):
                yield self._first_line(), "a quote opens in this line and is not closed"
            elif cells:
                yield cells, ""

    def _noted(self) -> Iterator[str]:
        """Yield the lines of a record; an open quote ends it when the record is as long as a row may be."""
        held = 0
        for line in self.lines:
            self.taken.append(line)
            yield line
            held += len(line)
            if held > self.most or isinstance(line, CutLine):
                return

    def _swallows(self, fits: bool) -> bool:
        """Tell whether a quote of the record at hand is not closed, or by one that was meant to open a cell further down."""
        if len(self.taken) == 1:
            return self.taken[0].count('"') % 2 == 1 and "unexpected end" in self._fault()
        return not fits or bool(self._fault())

    def _fault(self) -> str:
        """Return what a strict reader says of the record at hand, "" where it finds nothing."""
        try:
            next(csv.reader(iter(self.taken), delimiter=self.separator, strict=True), None)
        except csv.Error as wrong:
            return str(wrong)
        return ""

    def _first_line(self) -> list[str]:
        """Give back all lines of the record at hand but its first, and return that one."""
        self.mended += 1
        if self.mended > MENDED:
            raise InputError(f"{self.name} has more than {MENDED} quotes that are not closed", "write it again, as CSV")
        first, *rest = self.taken
        self.lines = itertools.chain(rest, self.lines)
        return [first.rstrip("\r\n")]


def _check_header(header: list[str], name: str) -> None:
    named = [cell for cell in header if cell.strip()]
    if not named:
        raise InputError(f"{name} has no header line", "the first line must name the columns")
    twice = next((cell for cell in named if named.count(cell) > 1), None)
    if twice is not None:
        raise InputError(f"{name} has two columns called {twice!r}", "give one of them another name")


def _text_lines(blocks: Iterable[bytes], most: int) -> Iterator[str]:
    """Yield lines with their ends, as the csv module wants them (a line break in a cell is part of the cell).

    Of a line of more than ``most`` characters only the start is yielded, as a ``CutLine``.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    begun: list[str] = []  # pieces of a line whose end has not come yet
    held = 0
    for block in blocks:
        text, at = decoder.decode(block), 0
        if begun and begun[-1].endswith("\r"):  # its end may be the first half of this
            text = begun.pop() + text
        for end in END.finditer(text):
            yield _line([*begun, text[at : end.end()]], most)
            begun, held, at = [], 0, end.end()
        if text[at:]:
            begun = (
                [*begun, text[at:]] if held <= most else [*begun[:-1], text[-1:]]
            )  # the end alone may be half of one
            held += len(text) - at
    if begun:
        yield _line(begun, most)


def _line(pieces: list[str], most: int) -> str:
    if sum(map(len, pieces)) <= most:
        return "".join(pieces)
    return CutLine("".join(pieces)[:KEPT].rstrip("\r\n") + "\n")
