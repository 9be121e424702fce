"""Duplicate degree: how many near copies a row has, by the pool's own measure of near."""

import numpy as np

from cuvee.arrays import F32
from cuvee.samples.pool import Pool
from cuvee.scorers import seam

TWIN = 1.0 - 1e-5  # cosine from which two vectors are the same but for rounding


def near(nearest: F32, quantile: float) -> float:
    """Return the cosine above which two rows of this pool are near: a quantile of nearest-neighbour similarities.

    nearest: (m,) similarity of rows to their nearest other row; quantile in [0, 1]. Cosines of two embedders do not
    compare, quantiles do. Exact twins are left out, for a pool full of copies would put the threshold at 1; so below
    1 - 1e-5; just that where there is nothing but twins.
    """
    apart = nearest[np.isfinite(nearest) & (nearest < TWIN)]
    return float(np.quantile(apart, quantile)) if len(apart) else TWIN


def duplicate_degree(pool: Pool, *, neighbours: int = 15, quantile: float = 0.95) -> F32:
    """Return (n,) how many of the ``neighbours`` nearest other rows are near, 0 to ``neighbours``: lower is better.

    Near: a cosine above ``near(...)``, the pool's ``quantile`` of nearest-neighbour similarities. NaN where the pool
    has no other row. Raises SelectionError where the pool has no vectors.
    """
    from cuvee.geometry.neighbours import neighbours as nearest

    similarity = nearest(seam.vectors(pool, "duplicate-degree"), neighbours)[1]
    if len(pool) < 2:
        return np.full(len(pool), np.nan, dtype=np.float32)
    degree = (similarity > near(similarity[:, 0], quantile)).sum(axis=1)
    return np.asarray(degree, dtype=np.float32)
