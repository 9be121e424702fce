"""k-means: centres, and which one every row is nearest to."""

from dataclasses import dataclass

import numpy as np

from cuvee.arrays import F32, I64
from cuvee.geometry.distances import nearest_chosen, squared_norms
from cuvee.geometry.seeding import seeds

SAMPLE = 256  # rows per cluster that training reads; a larger pool is subsampled to that


@dataclass(frozen=True)
class Clusters:
    """centers: (c, d). labels: (n,) the nearest centre of each row. distances: (n,) Euclidean, to that centre."""

    centers: F32
    labels: I64
    distances: F32


def kmeans(X: F32, n_clusters: int, *, seed: int, iterations: int = 20, spread: bool = True) -> Clusters:
    """Return the k-means clusters of X, (n, d) float32, by faiss (Lloyd's algorithm from k-means++ seeds).

    spread: start from ``seeds``; else from rows drawn at random, a tenth of the time for a thousand centres.
    Training reads at most 256 rows per cluster, drawn with ``seed``; every row is then assigned. Where X has no more
    than ``n_clusters`` distinct rows, these are the centres, in order of first occurrence, and fewer come back. After
    subsampling a cluster can be empty. Same input and seed, same bytes on one kind of machine. Raises SelectionError
    where X has values that are not finite.
    """
    import faiss

    squared_norms(X)
    distinct = _distinct(X, n_clusters)
    if distinct is not None:
        centers: F32 = np.ascontiguousarray(X[distinct])
    else:
        # min_points_per_centroid only silences a warning on standard error
        settings = {"niter": iterations, "seed": seed, "min_points_per_centroid": 1, "max_points_per_centroid": SAMPLE}
        trained = faiss.Kmeans(X.shape[1], n_clusters, spherical=False, verbose=False, **settings)
        rows = np.ascontiguousarray(X, dtype=np.float32)
        drawn = np.random.default_rng([seed, n_clusters])
        start = rows[seeds(rows, n_clusters, drawn) if spread else drawn.choice(len(rows), n_clusters, replace=False)]
        trained.train(rows, init_centroids=start)
        centers = np.asarray(trained.centroids, dtype=np.float32)
    distances, labels = nearest_chosen(X, centers)
    return Clusters(centers, labels, distances)


def _distinct(X: F32, most: int) -> I64 | None:
    """Return the first row of every distinct vector, or None where there are more than ``most``."""
    first: dict[bytes, int] = {}
    for at, row in enumerate(X):
        first.setdefault((row + np.float32(0)).tobytes(), at)  # + 0 makes -0 and 0 one value
        if len(first) > most:
            return None
    return np.fromiter(first.values(), dtype=np.int64, count=len(first))
