"""Rows of hashes in a file: what a pool of millions of rows would take of memory stands on disk."""

import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from cuvee.arrays import I64, U64
from cuvee.cleaners.tokens import Tokens

WIDTH = 8  # bytes of a hash


class Spilled:
    """Rows of hashes that are added at the end, and read by row or range. The file has no name: it goes with the process."""

    def __init__(self, folder: Path | None = None) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (``__exit__`` closes it)
        self._lengths: list[I64] = [np.empty(0, dtype=np.int64)]
        self._offsets: I64 = np.zeros(1, dtype=np.int64)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, wrong: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def add(self, rows: Tokens) -> None:
        """Add rows behind those that are there."""
        self._file.write(np.ascontiguousarray(rows.hashes).data)
        self._lengths.append(rows.lengths)

    def whole(self) -> Self:
        """Return this, ready to be read: nothing is added any more."""
        self._file.flush()
        lengths = np.concatenate(self._lengths)
        self._lengths = []
        self._offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return self

    def __len__(self) -> int:
        return len(self._offsets) - 1

    @property
    def lengths(self) -> I64:
        """(n,) int64, tokens of each row."""
        return np.diff(self._offsets)

    def row(self, at: int) -> U64:
        """Return the hashes of one row, in text order."""
        return self._read(int(self._offsets[at]), int(self._offsets[at + 1]))

    def part(self, start: int, stop: int) -> Tokens:
        """Return the rows of a range, in memory."""
        offsets = self._offsets[start : min(stop, len(self)) + 1]
        return Tokens(self._read(int(offsets[0]), int(offsets[-1])), offsets - offsets[0])

    def _read(self, start: int, stop: int) -> U64:
        pieces, at, end = [], start * WIDTH, stop * WIDTH
        while at < end:  # one call returns 2 GiB at most
            pieces.append(os.pread(self._file.fileno(), end - at, at))
            if not pieces[-1]:
                raise OSError("a temporary file was cut short")
            at += len(pieces[-1])
        return np.frombuffer(b"".join(pieces), dtype=np.uint64)
