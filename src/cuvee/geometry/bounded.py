"""Bounded clusters: every row in exactly one cluster, every cluster with at least ``low`` and at most ``high`` rows.

For unit rows the sum over rows of the cosine to their cluster's mean is the sum over clusters of the length of the
cluster's sum. That is what is made large here, by divide and improve: the rows are halved again and again along the line
between two centres, until a few hundred are left; there the closest pairs become seeds, the other rows join them, and
rows move and change places while that helps. No step looks at more pairs than those inside a leaf, so the cost grows
as n log n.
"""

import numpy as np

from cuvee.arrays import F32, I64
from cuvee.errors import SelectionError
from cuvee.geometry.distances import blocks
from cuvee.geometry.grouping import group

LEAF = 384  # rows among which all pairs are compared; more is slower and a little more cohesive
SAMPLE = 2_048  # rows that a halving looks at to find its line
ROWS = 16_384  # rows that are read at once


def bounded_clusters(X: F32, low: int, high: int, *, mean: float | None = None, seed: int = 0) -> I64:
    """Return (n,) cluster numbers, 0 to k - 1: each is given to at least ``low`` and at most ``high`` rows.

    X: (n, d) float32 unit rows; may be memory-mapped, and is never copied whole. mean: rows of a cluster on average, as
    nearly as the bounds allow; None takes low + 1, or the middle of closer bounds. Same input and seed, same
    clusters on one kind of machine.
    Extra memory: 16,384 rows, a leaf's pairs, and three numbers per row. Raises SelectionError where n rows cannot be
    cut into such clusters, as 7 rows into threes.
    """
    n = len(X)
    k = how_many(n, low, high, mean)
    labels = np.empty(n, dtype=np.int64)
    work = [(np.arange(n, dtype=np.int64), k)]
    given = 0
    while work:
        rows, many = work.pop()
        if len(rows) > LEAF and many > 1:
            work += _halves(X, rows, many, np.random.default_rng([seed, given, len(rows)]))
            continue
        labels[rows] = given + group(np.asarray(X[rows]), many, low, high)
        given += many
    return labels


def how_many(n: int, low: int, high: int, mean: float | None = None) -> int:
    """Return how many clusters n rows make: n / mean, moved into what the bounds allow. Raises SelectionError for none."""
    if not 1 <= low <= high:
        raise SelectionError(f"clusters of {low} to {high} rows cannot be", "give 1 <= low <= high")
    fewest, most = -(-n // high), n // low
    if fewest > most:
        raise SelectionError(f"{n} rows cannot be cut into clusters of {low} to {high}", "widen the bounds")
    wanted = n / (mean or min(low + 1, (low + high) / 2))
    return int(min(max(round(wanted), fewest), most))


def cohesion(X: F32, labels: I64) -> float:
    """Return the mean cosine of the unit rows of X to their cluster's mean: 1 where all rows of each cluster are equal."""
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
    total = 0.0
    for first, last in _spans(starts, len(labels)):
        inner = starts[first:last] - starts[first]
        end = starts[last] if last < len(starts) else len(labels)
        sums = np.add.reduceat(X[order[starts[first] : end]].astype(np.float64), inner, axis=0)
        total += float(np.linalg.norm(sums, axis=1).sum())
    return total / max(len(labels), 1)


def _spans(starts: I64, n: int) -> list[tuple[int, int]]:
    """Return runs of clusters that together have about ``ROWS`` rows."""
    cuts = np.unique(np.searchsorted(starts, np.arange(0, n, ROWS)))
    return list(zip(cuts.tolist(), [*cuts[1:].tolist(), len(starts)], strict=True))


def _halves(X: F32, rows: I64, k: int, rng: np.random.Generator) -> list[tuple[I64, int]]:
    """Return the rows in two parts, each with its share of the k clusters: near one centre, and near the other.

    Each part has as many rows per cluster as the whole, up to rounding, so what the bounds allow stays allowed.
    """
    left = k // 2
    size = round(len(rows) * left / k)
    line = _line(np.asarray(X[np.sort(rng.choice(rows, min(SAMPLE, len(rows)), replace=False))]), rng)
    place = np.concatenate([X[rows[block]] @ line for block in blocks(len(rows), ROWS)])
    order = np.argpartition(place, size)
    return [(np.sort(rows[order[:size]]), left), (np.sort(rows[order[size:]]), k - left)]


def _line(X: F32, rng: np.random.Generator) -> F32:
    """Return the direction from one of two centres of X to the other (2-means, at most eight rounds)."""
    first = X[rng.integers(len(X))]
    line: F32 = first - X[int((X @ first).argmin())]
    for _ in range(8):
        place = X @ line
        near = place >= np.median(place)
        if near.all() or not near.any():
            break
        line = X[near].mean(axis=0) - X[~near].mean(axis=0)
    return line
