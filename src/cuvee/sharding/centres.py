"""A shard of greedy k-center: the bounds of its rows, what it offers, and the most that it does not offer."""

from dataclasses import dataclass

import numpy as np

from cuvee.arrays import F32, F64, I64
from cuvee.geometry.bounds import DEAD, Bounds, Centres, exactly, parted
from cuvee.geometry.distances import ROWS, blocks, largest, squared_direct, squared_norms, whole
from cuvee.sharding.vectors import VectorPart

NOTHING = (float("-inf"), -1)
TIES = 4  # times as many rows as were asked for may be offered before ties are told apart in the shard
Key = tuple[float, int]  # a squared distance, and the row that it is of


@dataclass(frozen=True)
class Offer:
    """Rows that a shard offers, ascending, with all that the driver needs of them.

    values: (w,) squared distances by float32, up to date. exact: by float64 where known, else NaN.
    rest: every other row is at most at this squared distance, and where equal is a later row (-1: it must be less).
    """

    rows: I64
    vectors: F32
    lengths: F32
    values: F32
    exact: F64
    rest: Key


class CentrePart:
    """The state of a shard. Rows are numbered over all shards."""

    def __init__(self, part: VectorPart) -> None:
        self.X, self.number = part.read(), part.number
        self.lengths = squared_norms(self.X)
        self.gone = np.zeros(len(self.X), dtype=bool)
        self.count = 0
        dim = self.X.shape[1]
        self.centres = Centres(np.empty((0, dim), dtype=np.float32), np.empty(0, np.float32), np.empty(0, np.int64))
        self.bounds = Bounds(self.X, self.lengths, self.centres)

    def size(self) -> tuple[int, int, float]:
        """Return rows, length of a vector, and the largest squared length."""
        return len(self.X), self.X.shape[1], float(self.lengths.max(initial=0.0))

    def largest(self) -> float:
        """Return the largest number of all vectors."""
        return largest(self.X)

    def total(self, shift: int) -> I64:
        """Return the sum of the rows in whole 2^-shift."""
        return whole(self.X, shift)

    def nearest(self, mean: F64) -> Key:
        """Return the squared distance and the row nearest to the mean, the first of these."""
        distances = [squared_direct(self.X[part], mean) for part in blocks(len(self.X), ROWS)]
        found = np.concatenate([np.full(1, np.inf), *distances])
        at = int(found.argmin())
        return float(found[at]), self.number + at - 1

    def vectors(self, rows: I64) -> F32:
        """Return the vectors of those of these rows that stand here, in the order given."""
        return np.asarray(self.X[self._mine(rows)])

    def first_free(self, count: int) -> I64:
        """Return the first rows that are not chosen."""
        return np.flatnonzero(~self.gone)[:count] + self.number

    def choose(self, rows: I64, vectors: F32) -> None:
        """Hear which rows were chosen."""
        mine = self._mine(rows)
        self.gone[mine] = True
        self.bounds.bound[mine] = DEAD
        _append(self.centres, vectors)
        first, self.count = self.count == 0, self.count + len(rows)
        if first:
            self.bounds.compare_all(self.count)

    def offer(self, width: int, margin: np.float32) -> Offer:
        """Offer at least ``width`` rows where there are as many."""
        while True:
            rows, tau = self.bounds.above(self.count, margin)
            if not len(rows):
                return self._offer(rows, np.empty(0), NOTHING)
            values = self.bounds.bound[rows]
            kept, below = parted(values, width, margin)
            best = values.max()
            if len(kept) <= TIES * width and best > margin:
                rest = (_above(max(tau, below), margin), -1)
                return self._offer(rows[kept], np.full(len(kept), np.nan), rest)
            near = values >= best - margin
            others = max(tau, values[~near].max(initial=DEAD))
            if (offered := self._ties(np.sort(rows[near]), _above(others, margin), width, margin)) is not None:
                return offered

    def _ties(self, rows: I64, others: float, width: int, margin: np.float32) -> Offer | None:
        """Offer of many rows at nearly one distance the farthest, told apart exactly; None where all are twins."""
        exact = exactly(self.X, rows, np.full(len(rows), self.count), self.centres, margin)
        self.bounds.bound[rows[exact == 0]] = DEAD
        rows, exact = rows[exact > 0], exact[exact > 0]
        if not len(rows):
            return None
        order = np.argsort(-exact, kind="stable")
        rest = (others, -1)
        if len(order) > width:
            following = (float(exact[order[width]]), int(rows[order[width]]) + self.number)
            rest = max(rest, following, key=lambda key: (key[0], -key[1]))
        offered = np.sort(order[:width])
        return self._offer(rows[offered], exact[offered], rest)

    def _offer(self, rows: I64, exact: F64, rest: Key) -> Offer:
        order = np.argsort(rows)
        at = rows[order]
        return Offer(at + self.number, self.X[at], self.lengths[at], self.bounds.bound[at], exact[order], rest)

    def _mine(self, rows: I64) -> I64:
        here = rows - self.number
        mine: I64 = here[(here >= 0) & (here < len(self.X))]
        return mine


def _above(bound: np.float32 | float, margin: np.float32) -> float:
    """Return what a true squared distance is below, whose float32 is at most this."""
    return float(bound) + float(margin) / 2


def _append(centres: Centres, vectors: F32) -> None:
    """Add centres, in arrays that grow by doubling."""
    count, more = len(centres.order), len(vectors)
    if count + more > len(centres.X):
        room = max(2 * len(centres.X), count + more)
        X = np.empty((room, centres.X.shape[1]), dtype=np.float32)
        lengths = np.empty(room, dtype=np.float32)
        X[:count], lengths[:count] = centres.X[:count], centres.lengths[:count]
        centres.X, centres.lengths = X, lengths
    centres.X[count : count + more] = vectors
    centres.lengths[count : count + more] = squared_norms(vectors)
    centres.order = np.arange(count + more)
