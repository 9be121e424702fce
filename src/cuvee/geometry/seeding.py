"""k-means++: centres to start from, spread over the data in proportion to squared distance (Arthur, Vassilvitskii 2007)."""

import numpy as np

from cuvee.arrays import F32, F64, I64
from cuvee.geometry.distances import squared_norms

FEWEST = 2_048  # rows that seeds are drawn from, at least
EACH = 16  # rows per centre that seeds are drawn from


def seeds(X: F32, count: int, rng: np.random.Generator) -> I64:
    """Return ``count`` different row numbers of X, (n, d) float32, n >= count: a start for Lloyd's algorithm.

    Greedy: of 2 + 4 ln(count) rows drawn in proportion to their squared distance to the nearest seed, the one is taken
    that leaves least; scikit-learn draws 2 + ln(count), and misses more of the clusters that are there. Drawn from 16 rows
    per centre, at least 2,048. Where all these are at distance 0, the first others follow.
    """
    rows = np.sort(rng.choice(len(X), min(len(X), max(FEWEST, EACH * count)), replace=False))
    A = np.ascontiguousarray(X[rows])
    lengths = squared_norms(A)
    chosen = [int(rng.integers(len(A)))]
    left = _squared(A, lengths, np.array(chosen))[0]
    trials = 2 + int(4 * np.log(count))
    while len(chosen) < count and left.any():
        places = np.cumsum(left.astype(np.float64))
        drawn = np.searchsorted(places, rng.random(trials) * places[-1]).clip(max=len(A) - 1)
        after = np.minimum(_squared(A, lengths, drawn), left)
        best = int(after.sum(axis=1).argmin())
        chosen.append(int(drawn[best]))
        left = after[best]
        left[chosen[-1]] = 0
    others = np.setdiff1d(np.arange(len(A)), chosen)[: count - len(chosen)]
    found: I64 = rows[np.concatenate([np.array(chosen, dtype=np.int64), others])]
    return found


def _squared(A: F32, lengths: F32, rows: I64) -> F64:
    """Return (len(rows), m) squared distances of all rows of A to these."""
    found = lengths - 2 * (A[rows] @ A.T) + lengths[rows, None]
    squared: F64 = np.maximum(found, 0).astype(np.float64)
    return squared
