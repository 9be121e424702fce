"""Columns of vectors, one per key: computed once, written a segment at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cuvee import disk
from cuvee.arrays import F32, I64
from cuvee.progress import bar
from cuvee.store import segments
from cuvee.store.segments import Keys, Segments


@dataclass(frozen=True)
class Vectors:
    """A column of vectors of ``dim`` float32 values."""

    folder: Path
    dim: int

    def fill(
        self, keys: Keys, compute: Callable[[I64], F32], *, out: Path, label: str, segment: int | None = None
    ) -> int:
        """Write the (n, dim) float32 values of ``keys`` to the .npy file ``out``; return how many had to be computed.

        keys: (n,) S16, may repeat. compute: row numbers -> (m, dim) float32, asked once per distinct key that is not
        stored yet, in batches of ``segment`` rows; each batch is on disk before the next one starts.
        """
        missing = self.missing(keys)
        size = segment or segments.SEGMENT_ROWS
        with bar(label, len(missing)) as advance:
            for start in range(0, len(missing), size):
                rows = missing[start : start + size]
                self.add(keys[rows], compute(rows))
                advance(len(rows))
        Segments(self.folder, self.dim).gather(keys, disk.empty_array(out, (len(keys), self.dim)))
        return len(missing)

    def missing(self, keys: Keys) -> I64:
        """Return the first row of every distinct key that is not stored, in row order."""
        distinct, first = np.unique(keys, return_index=True)
        stored = Segments(self.folder, self.dim).keys
        return np.sort(first[~np.isin(distinct, stored)]).astype(np.int64)

    def add(self, keys: Keys, values: F32) -> None:
        """Store the (m, dim) values of m distinct keys: on disk, whole, when this returns."""
        segments.append(self.folder, keys, values)

    def read(self, keys: Keys) -> F32:
        """Return the (n, dim) values of keys that are all stored."""
        values = np.empty((len(keys), self.dim), dtype=np.float32)
        Segments(self.folder, self.dim).gather(keys, values)
        return values
