"""Duplicate degree: how many near copies a row has, by the pool's own measure of near."""

import numpy as np

from cuvee.arrays import F32
from cuvee.samples.pool import BarePool
from cuvee.scorers.nearest import nearest

TWIN = 1.0 - 1e-5  # cosine from which two vectors are the same but for rounding
SLACK = 1e-6  # so that a pair whose cosine is the quantile itself is not above it by its last bit


def near(nearest: F32, quantile: float) -> float:
    """Return the cosine above which two rows of this pool are near: a quantile of nearest-neighbour similarities.

    nearest: (m,) similarity of rows to their nearest other row; quantile in [0, 1]. Cosines of two embedders do not
    compare, quantiles do. Exact twins are left out, for a pool full of copies would put the threshold at 1; so at
    most 1 - 1e-5, and just that where there is nothing but twins.
    """
    apart = nearest[np.isfinite(nearest) & (nearest < TWIN)]
    return min(float(np.quantile(apart, quantile)) + SLACK, TWIN) if len(apart) else TWIN


def duplicate_degree(pool: BarePool, *, neighbours: int = 15, quantile: float = 0.95) -> F32:
    """Return (n,) how many of the ``neighbours`` nearest other rows are near, 0 to ``neighbours``: lower is better.

    Near: a cosine above ``near(...)``, the pool's ``quantile`` of nearest-neighbour similarities. NaN where the pool
    has no other row. Raises SelectionError where the pool has no vectors.
    """
    order, _, similarity = nearest(pool, neighbours, "duplicate-degree")
    degree = np.full(len(pool), np.nan, dtype=np.float32)
    if len(pool) > 1:
        degree[order] = (similarity > near(similarity[:, 0], quantile)).sum(axis=1)
    return degree
