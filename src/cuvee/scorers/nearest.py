"""Nearest neighbours of a pool's rows, whatever order the rows stand in."""

import numpy as np

from cuvee.arrays import F32, I64
from cuvee.samples.pool import BarePool
from cuvee.scorers import seam


def canonical(pool: BarePool) -> I64:
    """Return all n row numbers by content key; rows of equal content by id, where the table has ids."""
    keys = pool.keys
    order = np.argsort(keys, kind="stable").astype(np.int64)
    twin = np.diff(keys[order]) == 0
    at = np.flatnonzero(np.concatenate([twin, [False]]) | np.concatenate([[False], twin]))
    if len(at) and "id" in pool.table.column_names:
        twins = order[at]
        ids = np.unique(np.array(pool.table.column("id").take(twins).to_pylist(), dtype=str), return_inverse=True)[1]
        order[at] = twins[np.lexsort((ids, keys[twins]))]
    return order


def nearest(pool: BarePool, k: int, name: str) -> tuple[I64, I64, F32]:
    """Return the canonical order, and in that order (n, k) neighbours (places in the order, -1 for none) and cosines.

    A large pool is searched with an index that is trained on some of its rows, and ties go to the lower number, so
    the search sees the rows in an order of their content. It holds one copy of the vectors. Raises SelectionError
    where the pool has no vectors; ``name``: who asks.
    """
    from cuvee.geometry.neighbours import neighbours

    X = seam.vectors(pool, name)
    order = canonical(pool)
    index, similarity = neighbours(X[order], k)
    return order, index, similarity
