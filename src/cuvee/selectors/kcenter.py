"""k-center: take the row farthest from everything chosen, again and again."""

import numpy as np

from cuvee.samples.pool import BarePool, Selection
from cuvee.selectors import needs


def k_center(pool: BarePool, k: int, *, rng: np.random.Generator) -> Selection:
    """Return k rows by greedy k-center (Gonzalez 1985; the strategy of DiverseEvol, arXiv 2311.08182).

    Taken rows are centres from the start. A twin of a chosen row comes last. Gains are Euclidean distances between
    unit vectors, 0 to 2, to the nearest row chosen before; infinity for the first, where nothing was taken.
    Raises SelectionError where the pool has no vectors. ``rng`` is not used.
    """
    from cuvee.geometry.kcenter import kcenter

    k = needs.size(pool, k)
    rows, distances = kcenter(needs.vectors(pool, "k-center"), k, taken=pool.taken)
    return Selection(rows, distances, ["farthest from the rows chosen before"])
