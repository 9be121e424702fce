"""Lazy facility location over shards: the driver. The picks are those of ``geometry.facility``, whatever the shards.

Gains are whole numbers and only shrink, so an offered candidate whose gain is up to date is the next pick when it beats what
every shard says of its others.
"""

import heapq
from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import numpy as np

from cuvee.arrays import F32, I64
from cuvee.engines import Engine, Held, Shard
from cuvee.geometry.facility import ONE, graph
from cuvee.progress import Advance
from cuvee.sharding.gains import NONE, GainOffer, GainPart, GraphPart, Key

OFFERED = 1_024  # candidates that all shards together offer, to begin with
MOST = 16_384  # and at most
FEW = 32  # picks of a round below which the next one is offered twice as many
EDGES = 5e6  # edges that a core reads in a second, about


def parted(idx: I64, similarity: F32, n: int, count: int) -> list[Shard[GraphPart]]:
    """Return the symmetric graph of ``geometry.facility`` in ``count`` shards of candidates."""
    start, rows, weight = graph(idx, similarity, n)
    cuts = np.linspace(0, n, max(1, min(count, n)) + 1).astype(int).tolist()
    found = []
    for low, high in pairwise(cuts):
        edges = slice(start[low], start[high])
        part = GraphPart(low, start[low : high + 1] - start[low], rows[edges], weight[edges])
        found.append(Shard("the graph of near rows", part, len(part.rows) / EDGES, low))
    return found


def facility_location(
    engine: Engine,
    shards: Sequence[Shard[GraphPart]],
    k: int,
    *,
    taken: Sequence[int] | I64 = (),
    advance: Advance = lambda _: None,
) -> tuple[I64, F32, int]:
    """Return what ``geometry.facility_location`` returns for the candidates of all shards, and the rounds that it took.

    The driver holds what is offered, at most about 16,384 candidates with their edges, and the picks.
    """
    held_rows = np.unique(np.asarray(taken, dtype=np.int64))
    with engine.state(GainPart, shards) as held:
        if len(held_rows):
            _tell(held, held_rows)
        free = sum(held.ask(GainPart.size)) - len(held_rows)
        picks: list[int] = []
        gains: list[int] = []
        width, rounds = max(16, OFFERED // max(1, len(shards))), 0
        while len(picks) < min(k, free):
            rounds += 1
            offers = held.ask(partial(GainPart.offer, width=width))
            found = _Offered(offers).picks(min(k, free) - len(picks))
            assert found, "a round of facility location without a pick"  # it would go on for ever
            picks += [row for _, row in found]
            gains += [-gain for gain, _ in found]
            advance(len(found))
            if len(picks) < k:
                _tell(held, np.array([row for _, row in found], dtype=np.int64))
            if len(found) < FEW:
                width = min(2 * width, max(16, MOST // len(shards)))
    return np.array(picks, dtype=np.int64), (np.array(gains, dtype=np.int64) / ONE).astype(np.float32), rounds


def _tell(held: Held[GainPart], candidates: I64) -> None:
    edges = held.ask(partial(GainPart.edges, candidates=candidates))
    rows, weight = np.concatenate([one for one, _ in edges]), np.concatenate([other for _, other in edges])
    held.tell(partial(GainPart.choose, candidates=candidates, rows=rows, weight=weight))


class _Offered:
    """All that was offered in one round."""

    def __init__(self, offers: Sequence[GainOffer]) -> None:
        self.rest: Key = min((offer.rest for offer in offers if offer.rest != NONE), default=NONE)
        self.edges: dict[int, tuple[I64, I64]] = {}
        self.heap: list[Key] = []
        rows = np.concatenate([offer.rows for offer in offers])
        known, place = np.unique(rows, return_inverse=True)
        self.covered = np.zeros(len(known), dtype=np.int64)
        self.covered[place] = np.concatenate([offer.covered for offer in offers])
        done = 0
        for offer in offers:
            for at, row in enumerate(offer.candidates.tolist()):
                edges = slice(offer.start[at], offer.start[at + 1])
                self.edges[row] = place[done + edges.start : done + edges.stop], offer.weight[edges]
                self.heap.append((-int(offer.gains[at]), row))
            done += len(offer.rows)
        heapq.heapify(self.heap)

    def picks(self, most: int) -> list[Key]:
        """Return minus gain and row of the next picks, as many as are certain."""
        found: list[Key] = []
        while self.heap and len(found) < most:
            row = self.heap[0][1]
            rows, weight = self.edges[row]
            entry = (-int(np.maximum(weight - self.covered[rows], 0).sum()), row)
            heapq.heapreplace(self.heap, entry)
            if self.heap[0] != entry:
                continue
            if self.rest != NONE and entry > self.rest:
                break
            found.append(heapq.heappop(self.heap))
            self.covered[rows] = np.maximum(self.covered[rows], weight)
        return found
