"""Rarity: how far a row is from the rows nearest to it. The long-tail score of arXiv 2510.20449."""

import numpy as np

from cuvee.arrays import F32
from cuvee.samples.pool import Pool
from cuvee.scorers import seam


def rarity(pool: Pool, *, neighbours: int = 15) -> F32:
    """Return (n,) mean cosine distances, 0 to 2, to the ``neighbours`` nearest other rows: higher is rarer.

    Fewer neighbours where the pool has fewer rows; NaN where a row has none.
    Raises SelectionError where the pool has no vectors.
    """
    from cuvee.geometry.neighbours import neighbours as nearest

    similarity = nearest(seam.vectors(pool, "rarity"), neighbours)[1].astype(np.float64)
    there = np.isfinite(similarity)
    total, found = np.where(there, 1.0 - similarity, 0.0).sum(axis=1), there.sum(axis=1)
    mean = np.divide(total, found, out=np.full(len(pool), np.nan), where=found > 0)
    return np.asarray(mean, dtype=np.float32)
