"""Rarity: how far a row is from the rows nearest to it. The long-tail score of arXiv 2510.20449."""

import numpy as np

from cuvee.arrays import F32
from cuvee.samples.pool import BarePool
from cuvee.scorers.nearest import nearest


def rarity(pool: BarePool, *, neighbours: int = 15) -> F32:
    """Return (n,) mean cosine distances, 0 to 2, to the ``neighbours`` nearest other rows: higher is rarer.

    Fewer neighbours where the pool has fewer rows; NaN where a row has none.
    Raises SelectionError where the pool has no vectors.
    """
    order, _, similarity = nearest(pool, neighbours, "rarity")
    there = np.isfinite(similarity)
    # a twin's cosine can be above 1 by rounding
    total = np.where(there, 1.0 - np.clip(similarity.astype(np.float64), -1.0, 1.0), 0.0).sum(axis=1)
    found = there.sum(axis=1)
    scores = np.full(len(pool), np.nan, dtype=np.float32)
    scores[order[found > 0]] = total[found > 0] / found[found > 0]
    return scores
