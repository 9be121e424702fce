"""How diverse a set of rows is, and how well it covers a pool."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cuvee.arrays import F32, F64, I64
from cuvee.geometry.distances import ROWS, blocks, nearest_chosen
from cuvee.geometry.neighbours import neighbours as nearest

PAIRED = 5_000  # rows of a set that novelsum compares with each other
REFERENCE = 20_000  # rows of a pool that novelsum measures density in
SAME = 1e-6  # cosine distance up to which the nearest reference row is the row itself
DENSEST = 0.01  # mean cosine distance below which density grows no more


@dataclass(frozen=True)
class Coverage:
    """radius: the largest distance of a row to its nearest chosen row. mean: the mean of these. Lower covers better."""

    radius: float
    mean: float


@dataclass(frozen=True)
class Entropy:
    """nats: entropy of the codes. evenness: nats over log(number of codes that occur), 0 to 1; 1 where one occurs."""

    nats: float
    evenness: float


def vendi_score(X: F32) -> float:
    """Return the Vendi score: the effective number of different rows, 1 to n, higher is more diverse; 0 for no rows.

    exp of the Shannon entropy of the eigenvalues of K / n, K = X X^T the cosines (Friedman, Dieng, arXiv 2210.02410).
    X: (n, d) float32 unit rows. Where d < n, the same eigenvalues come from the d x d matrix X^T X / n. They are
    divided by their sum, which is 1 for unit rows.
    """
    n, d = X.shape
    if not n:
        return 0.0
    if n <= d:
        wide = X.astype(np.float64)
        matrix = wide @ wide.T
    else:
        matrix = np.zeros((d, d))
        for block in blocks(n, ROWS):
            matrix += X[block].T @ X[block]
    values = np.linalg.eigvalsh(matrix)
    values = values[values > 0]
    return float(np.exp(_entropy(values / values.sum()))) if len(values) else 1.0


def novelsum(X: F32, reference: F32, *, alpha: float = 1.0, beta: float = 0.5, neighbours: int = 10) -> float:
    """Return NovelSum of a set (arXiv 2502.17184): distances within it, near rows first, weighted by density.

    X: (n, d) float32 unit rows, the set. reference: (m, d) unit rows, the pool. v(x_i) is the weighted mean over the
    other rows j of sigma(x_j)^beta d(x_i, x_j), weights w_ij^alpha; NovelSum is the mean of v over the set. Higher is
    more diverse. 0 for fewer than two rows.

    Choices, where the paper leaves room: d is the cosine distance, 0 to 2. w_ij = 1 / rank of x_j by distance from x_i
    (1 is the nearest other row; ties by position). The weights are divided by their sum, so that sets of different
    sizes compare. sigma is 1 / mean d to the ``neighbours`` nearest reference rows. The nearest of these is left out
    where it is within 1e-6: the row itself. The mean counts as at least 0.01, else a row with many twins
    would be infinitely dense. Of more than 5,000 rows in X, 5,000 evenly spaced ones are used, of more than 20,000 in
    the reference, 20,000. Works in blocks, below 200 MB.
    """
    X, reference = _spaced(X, PAIRED), _spaced(reference, REFERENCE)
    n = len(X)
    if n < 2:
        return 0.0
    dense = _density(X, reference, neighbours) ** beta
    weights = np.arange(1, n, dtype=np.float64) ** -alpha
    total = 0.0
    for block in blocks(n, 512):
        distance = 1 - X[block] @ X.T
        np.maximum(distance, 0, out=distance)
        distance[np.arange(len(distance)), np.arange(block.start, block.stop)] = -1  # first in its order: left out
        order = np.argsort(distance, axis=1, kind="stable")[:, 1:]
        total += float(((np.take_along_axis(distance, order, axis=1) * dense[order]) @ weights).sum())
    return total / float(weights.sum()) / n


def coverage(X: F32, chosen: F32) -> Coverage:
    """Return how well chosen vectors (c, d) cover the rows of X (n, d): Euclidean distances; inf where c = 0."""
    distance = nearest_chosen(X, chosen)[0].astype(np.float64)
    return Coverage(float(distance.max(initial=0)), float(distance.mean()) if len(X) else 0.0)


def entropy(codes: npt.NDArray[np.generic]) -> Entropy:
    """Return the entropy of (n,) labels of any kind; (0, 1) for no rows or one label."""
    counts = np.unique(codes, return_counts=True)[1]
    if len(counts) < 2:
        return Entropy(0.0, 1.0)
    nats = _entropy(counts / counts.sum())
    return Entropy(nats, nats / float(np.log(len(counts))))


def clusters_covered(labels: I64, chosen: I64) -> float:
    """Return the share, 0 to 1, of the labels that occur in (n,) ``labels`` that a chosen row number has."""
    present = len(np.unique(labels))
    return len(np.unique(labels[chosen])) / present if present else 0.0


def _entropy(shares: F64) -> float:
    return float(-(shares * np.log(shares)).sum())


def _spaced(X: F32, most: int) -> F32:
    return X if len(X) <= most else X[np.linspace(0, len(X) - 1, most).astype(np.int64)]


def _density(X: F32, reference: F32, count: int) -> F64:
    """Return (n,) 1 / mean cosine distance to the ``count`` nearest rows of the reference."""
    similarity = nearest(reference, count + 1, queries=X)[1].astype(np.float64)
    distance = np.maximum(1 - similarity, 0)  # inf where the reference has fewer rows
    itself = distance[:, :1] <= SAME
    near = np.where(itself, distance[:, 1:], distance[:, :-1])
    found = np.isfinite(near)
    sums, counts = np.where(found, near, 0).sum(axis=1), found.sum(axis=1)
    mean = np.divide(sums, counts, out=np.full(len(X), 1.0), where=counts > 0)
    result: F64 = 1 / np.maximum(mean, DENSEST)
    return result
