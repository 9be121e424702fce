"""Length: the longest answers first. The control that every score must beat."""

import numpy as np

from cuvee.samples.pool import BarePool, Selection
from cuvee.selectors.top import top


def longest(pool: BarePool, k: int, *, rng: np.random.Generator) -> Selection:
    """Return the k rows with the most words in the answer, ties by content key (arXiv 2402.04833: the longest 1,000).

    Rows without an answer come last. Gains are words. Raises SelectionError where the pool has no messages. ``rng`` is not
    used.
    """
    return top(pool, k, rng=rng, score="length")
