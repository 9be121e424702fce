"""k-means: an equal share of every cluster, the rows nearest to the centre first."""

import numpy as np

from cuvee.samples.pool import BarePool, Selection
from cuvee.scorers.nearest import canonical
from cuvee.selectors import needs
from cuvee.selectors.strata import clustered


def k_means(pool: BarePool, k: int, *, rng: np.random.Generator, clusters: int = 100) -> Selection:
    """Return k rows in rounds: every cluster in turn, larger ones first, gives its row nearest to the centre.

    The density rule of MDIT (arXiv 2504.07288). clusters does not follow k, so that smaller selections are prefixes
    of larger ones. Taken rows count as their cluster's share. Gains are Euclidean distances to the centre (lower is
    more typical). Raises SelectionError where the pool has no vectors, ConfigError where clusters < 1.
    """
    k, X = needs.size(pool, k), needs.vectors(pool, "k-means")
    labels, distances = clustered(pool, X, clusters, rng)
    if k == 0:
        return Selection(pool.free[:0], np.empty(0, dtype=np.float32), [])
    counts = np.bincount(labels)
    held = np.bincount(labels[pool.taken], minlength=len(counts))
    rank = canonical(pool)
    free = rank[np.isin(rank, pool.taken, invert=True)]
    queue = free[np.lexsort((distances[free], labels[free]))]
    left = np.bincount(labels[queue], minlength=len(counts))
    turn = np.arange(len(queue)) - np.repeat(np.cumsum(left) - left, left) + held[labels[queue]]
    rows = queue[np.lexsort((labels[queue], -counts[labels[queue]], turn))][:k]
    return Selection(rows, distances[rows], ["nearest to the centre of its cluster"])
