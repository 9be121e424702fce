"""Long tail: the rarest rows first."""

import numpy as np

from cuvee.samples.pool import BarePool, Selection
from cuvee.scorers.rarity import rarity
from cuvee.selectors import needs, order


def long_tail(pool: BarePool, k: int, *, rng: np.random.Generator, neighbours: int = 15) -> Selection:
    """Return the k rows with the highest mean cosine distance to their ``neighbours`` nearest rows (arXiv 2510.20449).

    Ties by content key. Gains are that mean, 0 to 2. Raises SelectionError where the pool has no vectors.
    ``rng`` is not used.
    """
    k = needs.size(pool, k)
    needs.vectors(pool, "long-tail")
    rare = rarity(pool, neighbours=neighbours)
    rows = order.best_first(pool.free, rare.astype(np.float64), order.ranks(pool))[:k]
    return Selection(rows, rare[rows], [f"farthest from its {neighbours} neighbours"])
