"""Density: the most typical rows first."""

import numpy as np

from cuvee.samples.pool import BarePool, Selection
from cuvee.scorers.rarity import rarity
from cuvee.selectors import needs, order


def density(pool: BarePool, k: int, *, rng: np.random.Generator, neighbours: int = 15) -> Selection:
    """Return the k rows with the highest mean cosine to their ``neighbours`` nearest rows; ties by content key.

    Gains are that mean, -1 to 1. Raises SelectionError where the pool has no vectors. ``rng`` is not used.
    """
    k = needs.size(pool, k)
    needs.vectors(pool, "density")
    typical = np.float32(1.0) - rarity(pool, neighbours=neighbours)
    rows = order.best_first(pool.free, typical.astype(np.float64), order.ranks(pool))[:k]
    return Selection(rows, typical[rows], [f"nearest to its {neighbours} neighbours"])
