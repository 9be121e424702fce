"""Rows in turn, a pure function of a pool."""

import numpy as np

from cuvee.arrays import I64
from cuvee.samples.pool import Pool
from cuvee.selectors import order


def in_turn(pool: Pool, k: int) -> I64:
    """Return min(k, free) rows: the first free row of every source, then the second of each, and so on.

    Within a source rows stand in canonical order, so the order of the files does not matter.
    """
    sources, _ = pool.labels("source")
    place = order.ranks(pool)
    rows = pool.free[np.lexsort((place[pool.free], sources[pool.free]))]
    starts = np.searchsorted(sources[rows], sources[rows])
    turn = np.arange(len(rows)) - starts
    return rows[np.lexsort((place[rows], turn))][:k]
