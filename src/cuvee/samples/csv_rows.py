"""Rows of CSV and TSV files."""

import codecs
import csv
import itertools
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cuvee.errors import InputError
from cuvee.samples.raw import Raw, compact, refuse_utf16

SEPARATORS = ",;\t|"
END = re.compile(r"\r\n|\n|\r(?=.)", re.DOTALL)  # a \r at the end may be half of \r\n
MENDED = 20  # records that are taken apart again, at most: each costs another look at the lines that it swallowed


def csv_rows(blocks: Iterable[bytes], name: str) -> Iterator[Raw]:
    """Yield the rows of a CSV or TSV file; every cell stays text. Raises InputError without a header line,
    for one that names two columns alike, and for a file with more than 20 quotes that are never closed.

    A quote that is not closed swallows the lines behind it: the line in which it opens becomes a row with an error, and
    reading goes on with the next one.
    """
    csv.field_size_limit(sys.maxsize)  # the module's own limit, 128 KiB, is shorter than real answers
    source = iter(blocks)
    start = next(source, b"")
    refuse_utf16(start, name)
    lines = _text_lines(itertools.chain([start], source))
    first = next(lines, "")
    separator = "\t" if ".tsv" in name else max(SEPARATORS, key=first.count)
    records = _Records(itertools.chain([first], lines), separator, name)
    header = records.header()
    _check_header(header, name)
    for number, (cells, swallowed) in enumerate(records.split(len(header)), start=1):
        if swallowed:
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
            if self._swallows(len(cells) == columns):
                yield self._first_line(), "a quote opens in this line and is not closed"
            elif cells:
                yield cells, ""

    def _noted(self) -> Iterator[str]:
        for line in self.lines:
            self.taken.append(line)
            yield line

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


def _text_lines(blocks: Iterable[bytes]) -> Iterator[str]:
    """Yield lines with their ends, as the csv module wants them (a line break in a cell is part of the cell)."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    begun: list[str] = []  # pieces of a line whose end has not come yet
    for block in blocks:
        text, at = decoder.decode(block), 0
        if begun and begun[-1].endswith("\r"):  # its end may be the first half of this
            text = begun.pop() + text
        for end in END.finditer(text):
            yield "".join([*begun, text[at : end.end()]])
            begun, at = [], end.end()
        if text[at:]:
            begun.append(text[at:])
    if begun:
        yield "".join(begun)
