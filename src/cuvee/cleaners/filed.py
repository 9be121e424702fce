"""Rows of hashes that stand in files, in several of them one after the other: mapped, never held whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from cuvee import disk
from cuvee.arrays import I64, U64
from cuvee.cleaners.tokens import Tokens

HASHES, OFFSETS = "hashes.u64", "offsets.npy"


class Writing:
    """Two files of hashes being written, batch by batch. Call ``close`` at the end."""

    def __init__(self, stem: Path) -> None:
        self._stem = stem
        self._file = disk.create(stem.with_name(f"{stem.name}-{HASHES}"))
        self._lengths: list[I64] = [np.zeros(1, dtype=np.int64)]

    def add(self, rows: Tokens) -> None:
        """Add rows behind those that are there."""
        self._file.write(np.ascontiguousarray(rows.hashes).data)
        self._lengths.append(rows.lengths)

    def close(self) -> None:
        """Write where each row begins."""
        self._file.close()
        disk.save_array(self._stem.with_name(f"{self._stem.name}-{OFFSETS}"), np.cumsum(np.concatenate(self._lengths)))


@dataclass(frozen=True)
class Filed:
    """The rows of several such pairs of files, in order: ``tokens.Words``."""

    stems: Sequence[Path]

    @cached_property
    def _files(self) -> list[Tokens]:
        return [_opened(stem) for stem in self.stems]

    @cached_property
    def _starts(self) -> I64:
        return np.concatenate([[0], np.cumsum([len(file) for file in self._files])]).astype(np.int64)

    def __len__(self) -> int:
        return int(self._starts[-1])

    @cached_property
    def lengths(self) -> I64:
        """(n,) int64, tokens of each row."""
        return np.concatenate([np.empty(0, dtype=np.int64), *(file.lengths for file in self._files)])

    def row(self, at: int) -> U64:
        """Return the hashes of one row, in text order."""
        number = int(np.searchsorted(self._starts, at, side="right")) - 1
        return self._files[number].row(at - int(self._starts[number]))

    def part(self, start: int, stop: int) -> Tokens:
        """Return the rows of a range, in memory."""
        hashes, lengths = [np.empty(0, dtype=np.uint64)], [np.zeros(1, dtype=np.int64)]
        for file, first in zip(self._files, self._starts[:-1].tolist(), strict=True):
            low, high = max(start - first, 0), min(stop - first, len(file))
            if low < high:
                some = file.part(low, high)
                hashes.append(some.hashes)
                lengths.append(some.lengths)
        return Tokens(np.concatenate(hashes), np.cumsum(np.concatenate(lengths)))


def _opened(stem: Path) -> Tokens:
    offsets: I64 = np.load(stem.with_name(f"{stem.name}-{OFFSETS}"))
    path = stem.with_name(f"{stem.name}-{HASHES}")
    hashes: U64 = np.memmap(path, dtype=np.uint64, mode="r") if offsets[-1] else np.empty(0, dtype=np.uint64)
    return Tokens(hashes, offsets)
