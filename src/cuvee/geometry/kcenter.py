"""Greedy k-center, exact, without a distance matrix and without a pass over all rows per pick.

The picks are those of a full float64 computation. Four facts carry that:

1. Distances to the chosen only shrink, so a distance computed earlier is an upper bound now. ``bound[i]`` is the
   squared distance of row i to the first ``seen[i]`` centres.
2. The working set is about 500 rows whose distances are always up to date, copied to one block that fits the
   cache. Every other row has ``bound <= tau``. While the best of the set is above tau by more than the margin,
   the next pick is in the set, and a pick costs one product of that block with the new centre.
3. When it is not, the rows with the highest bounds are brought up to date, twice as many at each try, until the
   best of them is above every other bound; the best of these become the new set.
4. Squared distances come from float32 products, clamped at 0, and can be wrong by rounding. ``margin`` is more
   than twice the largest error seen (2.7 times twice it, in the worst case tried); among rows within it, float64
   differences to the chosen rows decide.
"""

from collections.abc import Sequence

import numpy as np

from cuvee.arrays import F32, F64, I64
from cuvee.geometry.bounds import DEAD, WIDTH, Bounds, Centres, exactly, margin, parted
from cuvee.geometry.distances import ROWS, blocks, largest, squared_direct, squared_norms, whole, whole_shift

COPIED = 16_384  # a working set above this (many ties) is not copied to one block


def kcenter(X: F32, k: int, *, taken: Sequence[int] | I64 = ()) -> tuple[I64, F32]:
    """Return k row numbers in pick order, and each one's Euclidean distance to everything chosen before it.

    X: (n, d) float32, unit rows or not, may be memory-mapped; it is read, never copied whole. taken: rows that count
    as chosen and are never returned. Greedy (Gonzalez 1985; the strategy of DiverseEvol, arXiv 2311.08182): the next
    row is the free one with the largest distance to its nearest chosen row; ties go to the lowest row number. With
    nothing taken the first row is the one nearest to the mean of X, at distance inf. Where k is more than the free
    rows, all of them are returned. A twin of a chosen row has distance exactly 0 and comes last.

    The picks are those of a full float64 computation; the head of this file says why. Costs O(n d) at the start and
    O(n) memory beside X. Raises SelectionError where X has values that are not finite.
    """
    X = np.asarray(X, dtype=np.float32)
    k = min(k, len(X) - len(np.unique(np.asarray(taken, dtype=np.int64))))
    if k <= 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
    search = _Search(X, np.unique(np.asarray(taken, dtype=np.int64)), k)
    while search.count < search.held + k:
        row = search.next()
        if row is None:
            break
        search.choose(row)
    return search.result()


class _Search:
    """The state of one search. Rows of the working set are called its members; ``rows`` is ascending."""

    def __init__(self, X: F32, taken: I64, k: int) -> None:
        self.X, self.lengths = X, squared_norms(X)
        self.margin = margin(float(self.lengths.max()), X.shape[1])
        self.order = np.empty(len(taken) + k, dtype=np.int64)  # centres: taken, then picks
        self.held = self.count = len(taken)
        self.order[: self.count] = taken
        self.centres = Centres(X, self.lengths, self.order)
        self.rest = Bounds(X, self.lengths, self.centres)
        self.bound = self.rest.bound
        self.bound[taken] = DEAD
        self.twins = np.zeros(len(X), dtype=bool)  # free rows that equal a chosen row
        self._set(np.empty(0, dtype=np.int64), DEAD)
        if self.count:
            self.rest.compare_all(self.count)

    def next(self) -> int | None:
        """Return the next row, or None where every free row is a twin."""
        if not self.count:
            return _nearest_to_mean(self.X)
        while True:
            best = self.values.max(initial=DEAD)
            if best == DEAD or best - self.margin <= self.tau:
                if not self._refill():
                    return None
                best = self.values.max()
            near = np.flatnonzero(self.values >= best - self.margin)
            at = self._decide(near)
            if at is not None:
                return int(self.rows[at])

    def choose(self, row: int) -> None:
        """Add a centre and bring the working set up to date with it."""
        self.order[self.count] = row
        self.count += 1
        self.bound[row] = DEAD
        if self.count == 1:
            self.rest.compare_all(self.count)
            return
        self.values[np.searchsorted(self.rows, row)] = DEAD
        squared = self._squared_to(row)
        if self.known:  # exact distances of members that were near-ties stay exact
            near = np.flatnonzero((squared <= self.values + self.margin) & ~np.isnan(self.exact))
            for part in blocks(len(near), ROWS):
                at = near[part]
                self.exact[at] = np.minimum(self.exact[at], squared_direct(self.X[self.rows[at]], self.X[row]))
        np.minimum(self.values, squared, out=self.values)

    def result(self) -> tuple[I64, F32]:
        """Return the picks, twins last, and their distances by float64 differences."""
        picks = self.order[self.held : self.count]
        distances = np.zeros(len(self.order) - self.held)
        first = 0 if self.held else 1
        distances[:first] = np.inf
        before = np.arange(self.held + first, self.count)
        distances[first : len(picks)] = np.sqrt(self._exactly(picks[first:], before))
        rest = np.flatnonzero(self.twins)[: len(distances) - len(picks)]
        return np.concatenate([picks, rest]), distances.astype(np.float32)

    def _set(self, rows: I64, tau: np.float32) -> None:
        """Make ``rows``, which must be up to date, the working set; every other bound is at most tau."""
        self.rows, self.tau = np.sort(rows), tau
        self.values = self.bound[self.rows]
        self.exact = np.full(len(rows), np.nan)  # float64 squared distances where they were needed, else NaN
        self.known = False
        self.block = self.X[self.rows] if len(rows) <= COPIED else None
        self.block_lengths = self.lengths[self.rows]

    def _squared_to(self, row: int) -> F32:
        """Return squared distances of the working set to one row."""
        centre = self.X[row] * np.float32(-2)
        if self.block is not None:
            squared: F32 = self.block @ centre
        else:
            squared = np.empty(len(self.rows), dtype=np.float32)
            for part in blocks(len(self.rows), ROWS):
                squared[part] = self.X[self.rows[part]] @ centre
        squared += self.block_lengths
        squared += self.lengths[row]
        np.maximum(squared, np.float32(0), out=squared)
        return squared

    def _refill(self) -> bool:
        """Find a working set whose best is above every other bound by more than the margin; False if none is free."""
        self.bound[self.rows] = self.values
        self.rest.seen[self.rows] = self.count
        rows, tau = self.rest.above(self.count, self.margin)
        if not len(rows):
            return False
        kept, below = parted(self.bound[rows], WIDTH, self.margin)
        self._set(rows[kept], np.maximum(tau, below))
        return True

    def _decide(self, near: I64) -> int | None:
        """Return which of the near-tied members is farthest by float64; None where all of them are twins of centres."""
        if self.values[near[0]] > self.margin:  # surely no twin of a centre
            vectors = self.X[self.rows[near]]
            if len(near) == 1 or bool((vectors == vectors[0]).all()):
                return int(near[0])
        unknown = near[np.isnan(self.exact[near])]
        self.exact[unknown] = self._exactly(self.rows[unknown], np.full(len(unknown), self.count))
        self.known = True
        twins = near[self.exact[near] == 0]
        self.values[twins] = self.bound[self.rows[twins]] = DEAD
        self.twins[self.rows[twins]] = True
        best = int(near[self.exact[near].argmax()])
        return best if self.exact[best] > 0 else None

    def _exactly(self, rows: I64, before: I64) -> F64:
        return exactly(self.X, rows, before, self.centres, self.margin)


def _nearest_to_mean(X: F32) -> int:
    """Return the row nearest to the mean of X, in float64; ties go to the lowest row number."""
    shift = whole_shift(len(X), largest(X))
    mean = np.ldexp(whole(X, shift) / len(X), -shift)
    distances = np.concatenate([squared_direct(X[part], mean) for part in blocks(len(X), ROWS)])
    return int(distances.argmin())
