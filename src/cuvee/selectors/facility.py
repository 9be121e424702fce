"""Facility location: rows that stand for the whole pool."""

import numpy as np

from cuvee.samples.pool import Pool, Selection
from cuvee.selectors import needs, order


def facility_location(pool: Pool, k: int, *, rng: np.random.Generator, neighbours: int = 20) -> Selection:
    """Return k rows by greedy maximisation of sum_i max_{j chosen} sim(i, j) on the graph of nearest neighbours.

    The objective of submodular data selection (Wei, Iyer, Bilmes 2015); greedy reaches 1 - 1/e of the best.
    neighbours: edges per row; a row is not represented by rows beyond them. Taken rows count as chosen. Gains are
    what each pick adds to the sum. Raises SelectionError where the pool has no vectors. ``rng`` is not used.
    """
    from cuvee.geometry import facility
    from cuvee.geometry.neighbours import neighbours as nearest

    k = needs.size(pool, k)
    # Two rows that are each other's nearest add the same, so ties are common: rows go in an order of their content.
    rank, place = order.canonical(pool), order.ranks(pool)
    index, similarity = nearest(needs.vectors(pool, "facility-location")[rank], neighbours)
    rows, gains = facility.facility_location(index, similarity, len(pool), k, taken=place[pool.taken])
    return Selection(rank[rows], gains, ["represents rows that no chosen row represented as well"])
