"""Greedy k-center over shards: the driver. The picks are those of ``geometry.kcenter``, whatever the shards.

A pick is right when no row that was not offered can be farther: the shards say how far such a row may be at most. Distances
only shrink, so what they said stays true as centres are added, until they are asked again.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from cuvee.arrays import F32, I64
from cuvee.engines import Engine, Held, Shard
from cuvee.geometry.bounds import DEAD, Centres, exactly, margin
from cuvee.geometry.distances import squared_direct, whole_shift
from cuvee.progress import Advance
from cuvee.sharding.centres import NOTHING, CentrePart, Key, Offer
from cuvee.sharding.vectors import VectorPart

OFFERED = 2_048  # rows that all shards together offer, to begin with
MOST = 16_384  # and at most
FEW = 32  # picks of a round below which the next one is offered twice as many


def kcenter(
    engine: Engine,
    shards: Sequence[Shard[VectorPart]],
    k: int,
    *,
    taken: Sequence[int] | I64 = (),
    advance: Advance = lambda _: None,
) -> tuple[I64, F32, int]:
    """Return what ``geometry.kcenter`` returns for the rows of all shards, in order, and the rounds that it took.

    The driver holds the chosen vectors and those that are offered, at most about 16,384 (or 64 of a shard where there are
    more than 256 shards), and no more for more rows. Every shard holds 12 bytes a row beside its vectors, which stay mapped.
    """
    with engine.state(CentrePart, shards) as held:
        driver = _Driver(held, np.unique(np.asarray(taken, dtype=np.int64)), k, len(shards), advance)
        rows, distances = driver.run()
    return rows, distances, driver.rounds


class _Driver:
    def __init__(self, held: Held[CentrePart], taken: I64, k: int, shards: int, advance: Advance) -> None:
        self.held, self.shards, self.advance = held, shards, advance
        sizes = held.ask(CentrePart.size)
        self.n, dim = sum(size[0] for size in sizes), max(size[1] for size in sizes)
        self.margin = margin(max(size[2] for size in sizes), dim)
        self.k = max(0, min(k, self.n - len(taken)))
        room = len(taken) + self.k
        self.centres = Centres(
            np.empty((room, dim), dtype=np.float32), np.empty(room, dtype=np.float32), np.arange(room)
        )
        self.rows = np.empty(room, dtype=np.int64)
        self.count, self.taken, self.rounds = 0, taken, 0

    def run(self) -> tuple[I64, F32]:
        if not self.k:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        given = self.taken if len(self.taken) else self._first()
        self._choose_all(given)
        width = max(64, OFFERED // self.shards)
        while self.count < len(self.rows):
            self.rounds += 1
            before = self.count
            offer = _merged(self.held.ask(partial(CentrePart.offer, width=width, margin=self.margin)))
            if not len(offer.rows):
                break  # every row that is left equals a chosen one
            _Round(self, offer).picks()
            self._tell(before)
            if self.count - before < FEW:
                width = min(2 * width, max(64, MOST // self.shards))
        return self._result()

    def choose(self, row: int, vector: F32, length: np.float32) -> None:
        self.rows[self.count] = row
        self.centres.X[self.count], self.centres.lengths[self.count] = vector, length
        self.count += 1
        self.advance(1)

    def _first(self) -> I64:
        shift = whole_shift(self.n, max(self.held.ask(CentrePart.largest)))
        total = np.sum(self.held.ask(partial(CentrePart.total, shift=shift)), axis=0)
        mean = np.ldexp(total / self.n, -shift)
        return np.array([min(self.held.ask(partial(CentrePart.nearest, mean=mean)))[1]])

    def _choose_all(self, rows: I64) -> None:
        vectors = np.concatenate(self.held.ask(partial(CentrePart.vectors, rows=rows)))
        lengths = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64).astype(np.float32)
        self.rows[: len(rows)], self.count = rows, len(rows)
        self.centres.X[: len(rows)], self.centres.lengths[: len(rows)] = vectors, lengths
        self._tell(0)

    def _tell(self, before: int) -> None:
        if self.count > before:
            rows, vectors = self.rows[before : self.count].copy(), self.centres.X[before : self.count].copy()
            self.held.tell(partial(CentrePart.choose, rows=rows, vectors=vectors))

    def _result(self) -> tuple[I64, F32]:
        """Return the picks, twins of chosen rows last, and their distances by float64 differences."""
        start = len(self.taken)
        picks = self.rows[start : self.count]
        distances = np.zeros(self.k)
        first = 0 if start else 1
        distances[:first] = np.inf
        before = np.arange(start + first, self.count)
        exact = exactly(self.centres.X, before, before, self.centres, self.margin)
        distances[first : len(picks)] = np.sqrt(exact)
        left = self.k - len(picks)
        if left:
            free = np.concatenate(self.held.ask(partial(CentrePart.first_free, count=left)))
            picks = np.concatenate([picks, np.sort(free)[:left]])
        return picks.copy(), distances.astype(np.float32)


class _Round:
    """Picks among what was offered, as long as nothing else can be better."""

    def __init__(self, driver: _Driver, offer: Offer) -> None:
        self.driver, self.offer, self.margin = driver, offer, driver.margin
        self.values, self.exact = offer.values.copy(), offer.exact.copy()

    def picks(self) -> None:
        driver, before = self.driver, self.driver.count
        while driver.count < len(driver.rows):
            best = self.values.max()
            if best == DEAD:
                break
            at = self._next(best)
            if at is None:
                break
            if at >= 0:
                self._choose(at)
        died = bool((self.values[self.offer.values != DEAD] == DEAD).any())
        assert driver.count > before or died, "a round of k-center without a pick"  # it would go on for ever

    def _next(self, best: np.float32) -> int | None:
        """Return the next pick, -1 where what was near was twins of centres, None where other rows may be better."""
        near = np.flatnonzero(self.values >= best - self.margin)
        rest = self.offer.rest
        if best > self.margin and float(best) - float(self.margin) / 2 > rest[0]:
            vectors = self.offer.vectors[near]
            if len(near) == 1 or bool((vectors == vectors[0]).all()):
                return int(near[0])
        unknown = near[np.isnan(self.exact[near])]
        counts = np.full(len(unknown), self.driver.count)
        self.exact[unknown] = exactly(self.offer.vectors, unknown, counts, self.driver.centres, self.margin)
        self.values[near[self.exact[near] == 0]] = DEAD
        at = int(near[self.exact[near].argmax()])
        if self.exact[at] == 0:
            return -1
        return at if _beats((float(self.exact[at]), int(self.offer.rows[at])), rest) else None

    def _choose(self, at: int) -> None:
        offer, vector = self.offer, self.offer.vectors[at]
        self.driver.choose(int(offer.rows[at]), vector, offer.lengths[at])
        self.values[at] = DEAD
        squared = offer.vectors @ (vector * np.float32(-2))
        squared += offer.lengths
        squared += offer.lengths[at]
        np.maximum(squared, np.float32(0), out=squared)
        near = np.flatnonzero((squared <= self.values + self.margin) & ~np.isnan(self.exact))
        self.exact[near] = np.minimum(self.exact[near], squared_direct(offer.vectors[near], vector))
        np.minimum(self.values, squared, out=self.values)


def _beats(one: Key, rest: Key) -> bool:
    return one[0] > rest[0] or (one[0] == rest[0] and one[1] < rest[1])


def _merged(offers: Sequence[Offer]) -> Offer:
    """Return all that was offered, by row: shards come in order. The rest is the most of all rests."""
    rests = [offer.rest for offer in offers]
    return Offer(
        np.concatenate([offer.rows for offer in offers]),
        np.concatenate([offer.vectors for offer in offers]),
        np.concatenate([offer.lengths for offer in offers]),
        np.concatenate([offer.values for offer in offers]),
        np.concatenate([offer.exact for offer in offers]),
        max([NOTHING, *rests], key=lambda key: (key[0], -key[1])),
    )
