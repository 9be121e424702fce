"""Facility location: rows that stand for the whole pool."""

import numpy as np

from cuvee.engines import chosen, divides, shards_of
from cuvee.samples.pool import BarePool, Selection
from cuvee.scorers import seam
from cuvee.scorers.nearest import canonical
from cuvee.selectors import needs, order
from cuvee.selectors.shares import DIVIDED
from cuvee.sharding import facility as sharded


def facility_location(pool: BarePool, k: int, *, rng: np.random.Generator, neighbours: int = 20) -> Selection:
    """Return k rows by greedy maximisation of sum_i max_{j chosen} sim(i, j) on the graph of near neighbours.

    The objective of submodular data selection (Wei, Iyer, Bilmes 2015); greedy reaches 1 - 1/e of the best. Similarities beyond
    the graph count 0, and above 30,000 rows the graph is of near neighbours, not always the nearest (``geometry.groups``): both
    together cost 2 % of the value at most on the real pool (docs/benchmarks.md), and make it quick for a million rows.
    neighbours: edges per row; an edge that either row lists counts for both. Taken rows count as chosen. Gains are
    what each pick adds to the sum. Raises SelectionError where the pool has no vectors. ``rng`` is not used.
    """
    from cuvee.geometry.facility import facility_location as greedy
    from cuvee.geometry.groups import near_graph

    k = needs.size(pool, k)
    X = seam.vectors(pool, "facility-location")
    # Two rows that are each other's nearest add the same, so ties are common: greedy sees an order of content.
    rank = canonical(pool)
    index, similarity = near_graph(X[rank], neighbours)
    taken = order.ranks(pool)[pool.taken]
    if len(pool) >= DIVIDED and divides():
        engine = chosen()
        parts = sharded.parted(index, similarity, len(pool), shards_of(engine))
        rows, gains, _ = sharded.facility_location(engine, parts, k, taken=taken)
    else:
        rows, gains = greedy(index, similarity, len(pool), k, taken=taken)
    return Selection(rank[rows], gains, ["represents rows that no chosen row represented as well"])
