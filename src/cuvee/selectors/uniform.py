"""Uniform: every free row with the same chance. What every other method has to beat."""

import numpy as np

from cuvee.samples.pool import BarePool, Selection
from cuvee.selectors import needs, order


def uniform(pool: BarePool, k: int, *, rng: np.random.Generator) -> Selection:
    """Return k rows drawn without replacement. Gains are NaN: a draw has none."""
    k = needs.size(pool, k)
    numbers = order.draws(pool, rng)
    rows = order.best_first(pool.free, numbers, order.ranks(pool))[:k]
    return Selection(rows, np.full(k, np.nan, dtype=np.float32), ["drawn at random"])
