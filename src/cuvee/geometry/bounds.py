"""Bounds of squared distances to the chosen rows: what greedy k-center knows of rows that it does not look at."""

import numpy as np

from cuvee.arrays import F32, F64, I64
from cuvee.geometry.distances import ROWS, blocks, squared_direct

WIDTH = 512  # rows of the working set
FIRST = 256  # centres that every row is compared with at the start; later ones only where it matters
PAIRS = 4_000_000  # float32 distances held at once where near-ties are decided
DEAD = np.float32(-np.inf)  # bound of a row that is chosen, or known to equal a chosen row


def margin(scale: float, dim: int) -> np.float32:
    """Return more than twice the largest error of a squared distance by float32 products; scale: largest squared length.

    A product of d terms is wrong by about sqrt(d) roundings (measured: up to 32 of them at d = 384), it counts twice, a few
    sums follow, and two values are compared. The last term covers squares below float32.
    """
    unit = float(np.finfo(np.float32).eps) / 2
    return np.float32((8 * np.sqrt(dim) + 16) * unit * scale + 8 * dim * 1.2e-38)


class Centres:
    """Chosen rows, in order: their vectors, or where these stand."""

    def __init__(self, X: F32, lengths: F32, order: I64) -> None:
        """X: (n, d) vectors. lengths: (n,) squared. order: row numbers of X, filled as rows are chosen."""
        self.X, self.lengths, self.order = X, lengths, order

    def vectors(self, which: I64 | slice) -> F32:
        """Return the vectors of these centres."""
        return self.X[self.order[which]]

    def products(self, start: int, stop: int) -> tuple[F32, F32]:
        """Return -2 c and |c|^2 of centres start..stop: |x - c|^2 = |x|^2 + (-2 c).x + |c|^2."""
        rows = self.order[start:stop]
        return self.X[rows] * np.float32(-2), self.lengths[rows]


class Bounds:
    """X: (n, d). bound: (n,) squared distance to the first ``seen`` centres, which is an upper bound of that to all."""

    def __init__(self, X: F32, lengths: F32, centres: Centres) -> None:
        self.X, self.lengths, self.centres = X, lengths, centres
        self.bound = np.full(len(X), np.inf, dtype=np.float32)
        self.seen = np.zeros(len(X), dtype=np.int64)

    def compare_all(self, count: int) -> None:
        """Compare every row with the first of ``count`` centres."""
        first = min(count, FIRST)
        centres, lengths = self.centres.products(0, first)
        for part in blocks(len(self.X), ROWS):
            squared = (self.X[part] @ centres.T + lengths).min(axis=1) + self.lengths[part]
            alive = self.bound[part] != DEAD
            self.bound[part] = np.where(alive, np.maximum(squared, np.float32(0)), DEAD)
        self.seen[:] = first

    def refresh(self, rows: I64, count: int) -> None:
        """Bring the bounds of rows up to date: compare each with those of ``count`` centres that it has not seen."""
        rows = rows[np.argsort(self.seen[rows], kind="stable")]
        for part in blocks(len(rows), WIDTH):
            at = rows[part]
            start = int(self.seen[at[0]])
            vectors, best = self.X[at], self.bound[at]
            for some in blocks(count - start, WIDTH):
                centres, lengths = self.centres.products(start + some.start, start + some.stop)
                squared = vectors @ centres.T
                squared += lengths
                np.minimum(best, squared.min(axis=1) + self.lengths[at], out=best)
            self.bound[at] = np.maximum(best, np.float32(0))
            self.seen[at] = count

    def above(self, count: int, margin: np.float32) -> tuple[I64, np.float32]:
        """Return rows that are up to date and whose best is above every other bound by more than the margin, and the
        highest of these others; no row where none is alive."""
        size = WIDTH
        while True:
            rows, tau = highest(self.bound, size)
            if not len(rows):
                return rows, DEAD
            self.refresh(rows[self.seen[rows] < count], count)
            if self.bound[rows].max() - margin > tau:
                return rows, tau
            size *= 2


def exactly(X: F32, rows: I64, before: I64, centres: Centres, margin: np.float32) -> F64:
    """Return float64 squared distances of rows of X to the nearest of their first ``before`` centres (ascending).

    Float32 products leave out the centres that cannot be the nearest; the others are compared by differences.
    """
    found = np.full(len(rows), np.inf)
    for part in blocks(len(rows), max(1, PAIRS // int(before[-1] if len(before) else 1))):
        vectors, limit = X[rows[part]], before[part]
        squared = np.empty((len(limit), int(limit[-1])), dtype=np.float32)
        for some in blocks(squared.shape[1], ROWS):
            products, lengths = centres.products(some.start, some.stop)
            squared[:, some] = vectors @ products.T + lengths
        squared[np.arange(squared.shape[1]) >= limit[:, None]] = np.inf
        left, centre = np.nonzero(squared <= squared.min(axis=1, keepdims=True) + margin)
        for pairs in blocks(len(left), ROWS):
            gaps = squared_direct(vectors[left[pairs]], centres.vectors(centre[pairs]))
            np.minimum.at(found[part], left[pairs], gaps)
    return found


def highest(values: F32, size: int) -> tuple[I64, np.float32]:
    """Return where the ``size`` highest live values are, and the highest of the others (DEAD where none is left)."""
    cut = len(values) - size
    if cut <= 0:
        return np.flatnonzero(values != DEAD), DEAD
    order = np.argpartition(values, cut - 1)
    top, below = order[cut:], values[order[cut - 1]]
    return top[values[top] != DEAD], below


def parted(values: F32, width: int, margin: np.float32) -> tuple[I64, np.float32]:
    """Return where at least ``width`` of the highest values are, cut where the best is above the rest by the margin."""
    while True:
        kept, below = highest(values, width)
        if values.max() - margin > below:
            return kept, below
        width *= 2
