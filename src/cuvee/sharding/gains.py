"""A shard of lazy facility location: the candidates of some rows, what each would add, and the most of what is not offered."""

import heapq
from dataclasses import dataclass

import numpy as np

from cuvee.arrays import I64

Key = tuple[int, int]  # minus a gain, and the row: the smallest is the best
NONE: Key = (1, 0)  # worse than any: a gain is never below 0


@dataclass(frozen=True)
class GraphPart:
    """Candidates ``number``, ``number`` + 1, ...: the edges of the i-th stand at start[i]..start[i + 1].

    rows: the row that an edge leads to. weight: similarity in whole 2^-24. Edges lead to rows of any shard.
    """

    number: int
    start: I64
    rows: I64
    weight: I64


@dataclass(frozen=True)
class GainOffer:
    """The best candidates of a shard, best first. Of each edge: the row, its weight, and how well that row is covered.

    rest: no other candidate is better than this one, whatever is picked.
    """

    candidates: I64
    gains: I64
    start: I64
    rows: I64
    weight: I64
    covered: I64
    rest: Key


class GainPart:
    """The state of a shard: the lazy heap of its candidates, and how well the rows that they know are covered."""

    def __init__(self, part: GraphPart) -> None:
        self.part = part
        self.known, self.place = np.unique(part.rows, return_inverse=True)
        self.covered = np.zeros(len(self.known), dtype=np.int64)
        sums = np.concatenate([[0], np.cumsum(part.weight)])
        bounds = (sums[part.start[1:]] - sums[part.start[:-1]]).tolist()
        self.heap: list[Key] = [(-bound, part.number + at) for at, bound in enumerate(bounds)]
        heapq.heapify(self.heap)
        self.gone: set[int] = set()

    def size(self) -> int:
        """Return the candidates that are here."""
        return len(self.part.start) - 1

    def edges(self, candidates: I64) -> tuple[I64, I64]:
        """Return rows and weights of all edges of those of these candidates that stand here."""
        mine = [at for at in (candidates - self.part.number).tolist() if 0 <= at < self.size()]
        where = np.concatenate([np.arange(0), *(self._edges(at) for at in mine)])
        return self.part.rows[where], self.part.weight[where]

    def choose(self, candidates: I64, rows: I64, weight: I64) -> None:
        """Hear which candidates were chosen, and all their edges."""
        self.gone.update(candidates.tolist())
        at = np.searchsorted(self.known, rows)
        at = np.minimum(at, max(0, len(self.known) - 1))
        if len(self.known):
            here = self.known[at] == rows
            np.maximum.at(self.covered, at[here], weight[here])

    def offer(self, width: int) -> GainOffer:
        """Offer the ``width`` best candidates; the heap is evaluated as far as that needs."""
        best: list[Key] = []
        while self.heap and len(best) < width:
            _, row = self.heap[0]
            if row in self.gone:
                heapq.heappop(self.heap)
                continue
            entry = (-self._gain(row), row)
            heapq.heapreplace(self.heap, entry)
            if self.heap[0] == entry:
                best.append(heapq.heappop(self.heap))
        rest = self.heap[0] if self.heap else NONE
        for entry in best:
            heapq.heappush(self.heap, entry)
        return self._offer(best, rest)

    def _gain(self, row: int) -> int:
        edges = self._edges(row - self.part.number)
        return int(np.maximum(self.part.weight[edges] - self.covered[self.place[edges]], 0).sum())

    def _edges(self, at: int) -> I64:
        return np.arange(self.part.start[at], self.part.start[at + 1])

    def _offer(self, best: list[Key], rest: Key) -> GainOffer:
        candidates = np.array([row for _, row in best], dtype=np.int64)
        edges = [self._edges(row - self.part.number) for row in candidates.tolist()]
        where = np.concatenate([np.arange(0), *edges])
        return GainOffer(
            candidates,
            np.array([-gain for gain, _ in best], dtype=np.int64),
            np.cumsum([0, *map(len, edges)]),
            self.part.rows[where],
            self.part.weight[where],
            self.covered[self.place[where]],
            rest,
        )
