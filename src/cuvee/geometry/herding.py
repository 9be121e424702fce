"""MaxHerding: greedy facility location with a smooth kernel, without a matrix of all pairs.

Made large is C(S) = mean over rows x of max over s in S of exp(-|x - s|^2 / width^2) (arXiv 2407.12212): dense places
first, then ever more of the rest. Four facts carry the speed:

1. What a row adds only shrinks as S grows (C is submodular), so an old gain is an upper bound: only rows on top are
   evaluated again, a block at a time, by one matrix product (lazy greedy: Minoux 1978).
2. The mean over all rows is needed for no more than a comparison of gains. Above ``REFERENCES`` rows it runs over so
   many, evenly spaced: work and memory then grow with n, not n squared. C of any set is then an estimate with a
   standard error of at most 1 / (2 sqrt(8,192)) = 0.006.
3. Where rows are dense, any of many is as good. Above ``CANDIDATES`` rows the first 4,096 picks come from so many, evenly
   spaced; then all others join. Both numbers do not follow k, so that smaller selections stay prefixes of larger ones.
4. Kernel values are counted in whole 2^-20, so that sums are exact and equal rows gain equally; ties go to the lowest row.
"""

from collections.abc import Sequence

import numpy as np

from cuvee.arrays import F32, F64, I64
from cuvee.geometry.distances import blocks, squared_norms

REFERENCES = 8_192  # rows that the mean runs over
CANDIDATES = 16_384  # rows that the first quarter as many picks come from
BLOCK = 256  # candidates evaluated at once: 256 x 8,192 float32 is 8 MB
FIRST = 32  # rows evaluated again at the first try for a pick; twice as many at each further one
ONE = np.float32(2**20)
SAMPLE = 1_024  # rows whose neighbours say how wide the kernel is
DEAD = -1.0


def herding(
    X: F32, k: int, *, neighbours: int = 10, width: float | None = None, taken: Sequence[int] | I64 = ()
) -> tuple[I64, F32]:
    """Return k row numbers in pick order, and what each adds to C, 0 to 1; gains never grow along the picks.

    X: (n, d) float32; may be memory-mapped. width: of the kernel; None takes ``kernel_width(X, neighbours)``. taken: rows
    that count as chosen and are never returned. Greedy: C is at least 1 - 1/e of the best (Nemhauser, Wolsey, Fisher 1978)
    up to 8,192 rows; above, see the head of this file. Where k is more than the free rows, all of them are returned. Memory
    beside X: 8,192 rows, three numbers per row. Raises SelectionError where X has values that are not finite.
    """
    held = np.unique(np.asarray(taken, dtype=np.int64))
    k = min(k, len(X) - len(held))
    if k <= 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
    herd = _Herd(X, kernel_width(X, neighbours) if width is None else width, held)
    picks = [herd.next() for _ in range(k)]
    gains = np.array([gain for _, gain in picks]) / (float(ONE) * len(herd.rest))
    return np.array([row for row, _ in picks], dtype=np.int64), gains.astype(np.float32)


def kernel_width(X: F32, neighbours: int) -> float:
    """Return the median distance of a row to its ``neighbours``-th nearest row that is not its twin; 1 without any.

    Over 1,024 evenly spaced rows, each compared with all others.
    """
    lengths = squared_norms(X)
    asked = _spaced(len(X), SAMPLE)
    tiny = _margin(X, lengths)
    nearest = np.full((len(asked), neighbours), np.inf, dtype=np.float32)
    for rows in blocks(len(X), 4_096):
        squared = X[asked] @ (X[rows] * np.float32(-2)).T + lengths[rows] + lengths[asked, None]
        squared[squared <= tiny] = np.inf
        both = np.concatenate([nearest, squared], axis=1)
        nearest = np.partition(both, neighbours - 1, axis=1)[:, :neighbours]
    farthest = np.where(np.isfinite(nearest), nearest, -1).max(axis=1)
    found = farthest[farthest > 0]
    return float(np.sqrt(np.median(found))) if len(found) else 1.0


class _Herd:
    """The state of one search. rest: (m,) the rows that the mean runs over. bound: (n,) gains as last seen, in 2^-20."""

    def __init__(self, X: F32, width: float, taken: I64) -> None:
        lengths = squared_norms(X)
        self.X, scale = X, np.float32(1 / width**2)
        self.lengths = lengths * scale
        self.tiny = -_margin(X, lengths) * scale
        self.rest = _spaced(len(X), REFERENCES)
        ones = np.ones(len(self.rest), dtype=np.float32)  # one product gives 2 x.r - |x|^2 - |r|^2
        self.references = np.vstack([X[self.rest].T * (2 * scale), -ones, -self.lengths[self.rest]])
        self.covered = np.zeros(len(self.rest), dtype=np.float32)
        for some in blocks(len(taken), BLOCK):
            np.maximum(self.covered, self._kernel(taken[some]).max(axis=0), out=self.covered)
        self.bound, self.seen, self.count = np.full(len(X), DEAD), np.zeros(len(X), dtype=np.int64), 0
        self.picked, self.alone = len(taken), CANDIDATES // 4 if len(X) > CANDIDATES else 0
        self.closed = np.ones(len(X), dtype=bool)
        self.closed[taken] = False
        first = _spaced(len(X), CANDIDATES)
        self._open(first[self.closed[first]])

    def next(self) -> tuple[int, float]:
        """Choose the free row that adds most; return it and its gain."""
        if self.picked >= self.alone or not (self.bound > DEAD).any():
            self._open(np.flatnonzero(self.closed))
        size = FIRST
        while True:
            row = int(self.bound.argmax())  # the first of equals: a stale one after it cannot be better
            if self.seen[row] == self.count:
                break
            self._refresh(row, size)
            size = min(2 * size, BLOCK)
        gain = float(self.bound[row])
        self.bound[row] = DEAD
        self.picked += 1
        if gain:  # else nothing changed: all that was seen is still true
            np.maximum(self.covered, self._kernel(np.array([row]))[0], out=self.covered)
            self.count += 1
        return row, gain

    def _open(self, rows: I64) -> None:
        """Let these rows be chosen."""
        for part in blocks(len(rows), BLOCK):
            self.bound[rows[part]] = self._gains(rows[part])
        self.seen[rows], self.closed[rows] = self.count, False

    def _refresh(self, row: int, size: int) -> None:
        """Evaluate this row and others with the highest bounds again."""
        size = min(size, len(self.bound))
        top = np.argpartition(self.bound, len(self.bound) - size)[-size:]
        top = np.union1d(top[(self.seen[top] < self.count) & (self.bound[top] > DEAD)], [row])
        self.bound[top] = self._gains(top)
        self.seen[top] = self.count

    def _gains(self, rows: I64) -> F64:
        kernel = self._kernel(rows)
        kernel -= self.covered
        np.maximum(kernel, np.float32(0), out=kernel)
        sums: F64 = kernel.sum(axis=1, dtype=np.float64)
        return sums

    def _kernel(self, rows: I64) -> F32:
        """Return (len(rows), m) kernel values in whole 2^-20."""
        asked = np.column_stack([self.X[rows], self.lengths[rows], np.ones(len(rows), dtype=np.float32)])
        power: F32 = asked @ self.references
        power[power >= self.tiny] = 0
        np.exp(power, out=power)
        power *= ONE
        np.rint(power, out=power)
        return power


def _margin(X: F32, lengths: F32) -> np.float32:
    """Return a squared distance that rounding alone can make: twins are nearer."""
    unit = float(np.finfo(np.float32).eps) / 2
    return np.float32((8 * np.sqrt(X.shape[1]) + 16) * unit * float(lengths.max(initial=0)))


def _spaced(n: int, most: int) -> I64:
    return np.linspace(0, n - 1, min(n, most)).astype(np.int64)
