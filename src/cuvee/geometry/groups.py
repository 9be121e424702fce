"""Nearest neighbours among the rows of near groups: a graph of a million rows in minutes, nearly the true one."""

import numpy as np

from cuvee.arrays import F32, I64
from cuvee.geometry.neighbours import EXACT, neighbours, without_self
from cuvee.progress import bar

ROWS = 1_000  # rows of a group, about: what one matrix product compares at a time
NEAR = 4  # groups that a row's neighbours are looked for in, its own among them
ITERATIONS, PER_CENTRE = 8, 64  # of k-means; more of either finds no better neighbours


def near_graph(X: F32, k: int, *, seed: int = 0) -> tuple[I64, F32]:
    """Return (n, k) row numbers and (n, k) inner products, highest first; -1 and -inf where there are fewer.

    X: (n, d) float32 unit rows. Up to 30,000 rows they are the true neighbours (``geometry.neighbours``). Above, spherical
    k-means parts the rows into groups of about 1,000, and each row is compared with all rows of its own and the three
    nearest groups: O(n d (4,000 + n / 1,000)) time, O(n k) memory beside X. On 66,963 rows of the real pool that finds four of
    five true neighbours, for a tenth of what an inverted file takes (docs/benchmarks.md has what that costs a selection).
    """
    if len(X) <= EXACT:
        return neighbours(X, k)
    import faiss

    order, start, near = _groups(X, seed)
    index = np.full((len(X), k), -1, dtype=np.int64)
    similarity = np.full((len(X), k), -np.inf, dtype=np.float32)
    with bar("comparing", len(X)) as advance:
        for group, around in enumerate(near):
            rows = order[start[group] : start[group + 1]]
            if not len(rows):
                continue
            others = np.concatenate([order[start[one] : start[one + 1]] for one in around])
            scores, places = faiss.knn(X[rows], X[others], min(k + 1, len(others)), metric=faiss.METRIC_INNER_PRODUCT)
            found, scores = without_self(rows, others[places], scores)
            index[rows, : found.shape[1]], similarity[rows, : found.shape[1]] = found, scores
            advance(len(rows))
    return index, similarity


def _groups(X: F32, seed: int) -> tuple[I64, I64, I64]:
    """Return the rows by group, where each group starts, and the nearest groups of each, itself first."""
    import faiss

    count = max(1, len(X) // ROWS)
    means = faiss.Kmeans(
        X.shape[1],
        count,
        niter=ITERATIONS,
        seed=seed,
        spherical=True,
        max_points_per_centroid=PER_CENTRE,
        min_points_per_centroid=1,
    )
    means.train(X)
    label = means.index.search(X, 1)[1][:, 0]
    order = np.argsort(label, kind="stable").astype(np.int64)
    start = np.searchsorted(label[order], np.arange(count + 1)).astype(np.int64)
    centres: F32 = np.asarray(means.centroids, dtype=np.float32)
    cosines = centres @ centres.T
    np.fill_diagonal(cosines, np.inf)
    near: I64 = np.argsort(-cosines, axis=1, kind="stable")[:, :NEAR].astype(np.int64)
    return order, start, near
