"""What is kept of rows and blends: k-means over all of them, then the densest of every cluster, in equal shares.

Step 3 of MDIT (arXiv 2504.07288). Every vector is the exact mix of two rows' vectors, made a block at a time: (n + T, d) is
never in memory.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cuvee import rng
from cuvee.arrays import F32, I64
from cuvee.geometry.clusters import SAMPLE, kmeans
from cuvee.geometry.distances import nearest_chosen
from cuvee.progress import bar
from cuvee.training.mixture import ROWS, Mixture

NEIGHBOURS = 10  # that kNN density looks at


@dataclass(frozen=True)
class Grouped:
    """m entries in clusters. centers: (c, d). labels: (m,). sparsity: (m,) float32, lower is denser, in units of X."""

    centers: F32
    labels: I64
    sparsity: F32


def group(total: Mixture, X: F32, clusters: int, *, density: str = "nearest", seed: int) -> Grouped:
    """Return the k-means clusters of all entries and how dense each entry lies.

    X: (n, d) float32 vectors of the rows, of any length. k-means reads at most 256 entries per cluster, drawn by ``seed``, and
    every entry is then assigned. density: a name in ``DENSITIES``.
    """
    most = SAMPLE * clusters
    chosen = np.arange(len(total), dtype=np.int64)
    if len(total) > most:
        chosen = np.sort(rng.stream(seed, "mixing", "sample").choice(len(total), most, replace=False)).astype(np.int64)
    sample = np.concatenate([part for _, part in total[chosen].blocks(X)])
    found = kmeans(sample, min(clusters, len(sample)), seed=int(rng.stream(seed, "mixing", "kmeans").integers(2**31)))
    labels, distances = np.empty(len(total), dtype=np.int64), np.empty(len(total), dtype=np.float32)
    with bar("clustering", len(total), "entries") as advance:
        for block, part in total.blocks(X):
            distances[block], labels[block] = nearest_chosen(part, found.centers)
            advance(len(part))
    reference = _Reference(sample, found.labels, chosen)
    return Grouped(found.centers, labels, DENSITIES[density](total, X, labels, distances, reference))


@dataclass(frozen=True)
class _Reference:
    """The entries that k-means read. X: (r, d) their vectors, labels: (r,) their clusters, entries: (r,) who they are."""

    X: F32
    labels: I64
    entries: I64


def _nearest(total: Mixture, X: F32, labels: I64, distances: F32, reference: _Reference) -> F32:
    return distances


def _knn(total: Mixture, X: F32, labels: I64, distances: F32, reference: _Reference) -> F32:
    """Return (m,) the mean distance to the 10 nearest other entries that k-means read of the same cluster.

    inf where the cluster has no other.
    """
    sparsity = np.full(len(total), np.inf, dtype=np.float32)
    with bar("density", len(total), "entries") as advance:
        for cluster in range(int(labels.max(initial=-1)) + 1):
            members, near = np.flatnonzero(labels == cluster), np.flatnonzero(reference.labels == cluster)
            for start in range(0, len(members), ROWS):
                part = members[start : start + ROWS]
                sparsity[part] = _mean_distance(
                    total[part].vectors(X), reference.X[near], part[:, None] == reference.entries[near]
                )
                advance(len(part))
    return sparsity


def _mean_distance(asked: F32, near: F32, same: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]") -> F32:
    """Return (a,) mean Euclidean distance to the nearest 10 of ``near``; same: (a, r) who is the asked entry itself."""
    squared = (asked**2).sum(axis=1)[:, None] - 2 * asked @ near.T + (near**2).sum(axis=1)
    distance = np.sqrt(np.maximum(squared, 0))
    distance[same] = np.inf
    k = min(NEIGHBOURS, distance.shape[1])
    if not k:
        return np.full(len(asked), np.inf, dtype=np.float32)
    closest = np.partition(distance, k - 1, axis=1)[:, :k]
    count = np.isfinite(closest).sum(axis=1)
    total = np.where(np.isfinite(closest), closest, 0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.inf).astype(np.float32)


DENSITIES: dict[str, Callable[[Mixture, F32, I64, F32, _Reference], F32]] = {"nearest": _nearest, "knn": _knn}


def keep(labels: I64, sparsity: F32, k: int) -> I64:
    """Return the k entries that are kept, best first: every cluster in turn gives its densest, larger clusters first.

    So shares are equal until a cluster is empty, and a smaller budget is a prefix of a larger one. labels, sparsity: (m,).
    Ties go to the entry that stands first.
    """
    counts = np.bincount(labels, minlength=int(labels.max(initial=-1)) + 1)
    queue = np.lexsort((sparsity, labels))
    turn = np.arange(len(queue)) - (np.cumsum(counts) - counts)[labels[queue]]
    order: I64 = queue[np.lexsort((labels[queue], -counts[labels[queue]], turn))][:k].astype(np.int64)
    return order


def keep_with_rows(grouped: Grouped, real: I64, k: int, least: float) -> I64:
    """Return ``keep`` of all entries, with at least this share of real rows: those that ``keep`` would take first.

    real: numbers of the real rows among the entries. least: share of k in [0, 1]; the two rankings are merged evenly.
    """
    plain = keep(grouped.labels, grouped.sparsity, k)
    wanted = min(round(least * k), len(real))
    if np.isin(plain, real).sum() >= wanted:
        return plain
    rows = real[keep(grouped.labels[real], grouped.sparsity[real], wanted)]
    order = keep(grouped.labels, grouped.sparsity, len(grouped.labels))
    others = order[~np.isin(order, real)][: k - wanted]
    if len(others) + len(rows) < k:
        more = order[np.isin(order, real) & ~np.isin(order, rows)][: k - len(others) - len(rows)]
        others = np.concatenate([others, more])
    at = np.concatenate([(np.arange(len(part)) + 0.5) / max(len(part), 1) for part in (rows, others)])
    merged: I64 = np.concatenate([rows, others])[np.argsort(at, kind="stable")].astype(np.int64)
    return merged
