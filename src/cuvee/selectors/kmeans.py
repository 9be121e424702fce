"""k-means: an equal share of every cluster, the rows nearest to the centre first."""

import numpy as np

from cuvee.errors import ConfigError
from cuvee.samples.pool import BarePool, Selection
from cuvee.scorers.nearest import canonical
from cuvee.selectors import needs


def k_means(pool: BarePool, k: int, *, rng: np.random.Generator, clusters: int = 100) -> Selection:
    """Return k rows in rounds: every cluster in turn, larger ones first, gives its row nearest to the centre.

    The density rule of MDIT (arXiv 2504.07288). clusters does not follow k, so that smaller selections are prefixes
    of larger ones. Taken rows count as their cluster's share. Gains are Euclidean distances to the centre (lower is
    more typical). Raises SelectionError where the pool has no vectors, ConfigError where clusters < 1.
    """
    from cuvee.geometry.clusters import kmeans

    if clusters < 1:
        raise ConfigError(f"clusters must be at least 1, not {clusters}", "100 is the default")
    k, X = needs.size(pool, k), needs.vectors(pool, "k-means")
    seed = int(rng.integers(2**31 - 1))
    if k == 0:
        return Selection(pool.free[:0], np.empty(0, dtype=np.float32), [])
    # Clustering starts from rows at random places, so it sees the rows in an order of their content.
    rank = canonical(pool)
    found = kmeans(X[rank], min(clusters, len(pool)), seed=seed)
    labels, distances = np.empty(len(pool), dtype=np.int64), np.empty(len(pool), dtype=np.float32)
    labels[rank], distances[rank] = found.labels, found.distances
    counts = np.bincount(labels, minlength=labels.max() + 1)
    held = np.bincount(labels[pool.taken], minlength=len(counts))
    free = rank[np.isin(rank, pool.taken, invert=True)]
    queue = free[np.lexsort((distances[free], labels[free]))]
    left = np.bincount(labels[queue], minlength=len(counts))
    turn = np.arange(len(queue)) - np.repeat(np.cumsum(left) - left, left) + held[labels[queue]]
    rows = queue[np.lexsort((labels[queue], -counts[labels[queue]], turn))][:k]
    return Selection(rows, distances[rows], ["nearest to the centre of its cluster"])
