"""Euclidean distances in blocks: no n x n array, no copy of the pool."""

from collections.abc import Iterator

import numpy as np

from cuvee.arrays import F32, F64, I64
from cuvee.errors import SelectionError

ROWS = 4096  # rows of a block
COLUMNS = 1024  # chosen rows of a block: 4096 x 1024 float32 is 16 MB


def blocks(n: int, size: int) -> Iterator[slice]:
    """Yield slices of at most ``size`` that cover 0..n in order."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def squared_norms(X: F32) -> F32:
    """Return (n,) squared lengths of the rows of X, summed in float64.

    Raises SelectionError where a row is not finite or so long that its square leaves float32.
    """
    norms = np.empty(len(X), dtype=np.float64)
    for block in blocks(len(X), ROWS):
        norms[block] = np.einsum("ij,ij->i", X[block], X[block], dtype=np.float64)
    bad = np.flatnonzero(~(norms < np.finfo(np.float32).max / 8))
    if len(bad):
        raise SelectionError(
            f"{len(bad)} of {len(X)} vectors are not finite or too long for float32, the first is row {bad[0]}",
            "vectors come from an embedder as unit rows; look at how this one was made",
        )
    return norms.astype(np.float32)


def squared_direct(A: F32, b: F32 | F64) -> F64:
    """Return (n,) squared distances from rows of A (n, d) to b, (d,) or (n, d), by float64 differences.

    Exactly 0 between equal rows. This sum is what "exact" means in this package.
    """
    gap = A.astype(np.float64)
    gap -= b
    gap *= gap
    total: F64 = gap.sum(axis=1)
    return total


def whole(X: F32, shift: int) -> I64:
    """Return (d,) sums over the rows of X in whole 2^-shift: the same in any order and in any parts (see ``whole_shift``)."""
    total = np.zeros(X.shape[1], dtype=np.int64)
    for part in blocks(len(X), ROWS):
        total += np.rint(np.ldexp(X[part].astype(np.float64), shift)).astype(np.int64).sum(axis=0)
    return total


def whole_shift(n: int, largest: float) -> int:
    """Return the finest shift by which n rows of numbers of at most this size can be summed in 64 bits."""
    return int(62 - np.frexp(float(n))[1] - np.frexp(largest)[1])


def largest(X: F32) -> float:
    """Return the largest number of X, without its sign; 0 where X is empty."""
    return max((float(np.abs(X[part]).max(initial=0.0)) for part in blocks(len(X), ROWS)), default=0.0)


def nearest_chosen(X: F32, chosen: F32) -> tuple[F32, I64]:
    """Return (n,) the Euclidean distance of every row to its nearest chosen row, and (n,) which one that is.

    X: (n, d) float32. chosen: (c, d) float32 vectors; ``which`` counts in them. With c = 0: inf and -1.
    The nearest is found by float32 products (rows that differ by rounding may swap), its distance by direct
    differences: exactly 0 for an equal row. Extra memory is about 50 MB, whatever n and c are.
    """
    distance, which = np.full(len(X), np.inf, dtype=np.float32), np.full(len(X), -1, dtype=np.int64)
    if not len(chosen):
        return distance, which
    lengths = squared_norms(chosen)
    for rows in blocks(len(X), ROWS):
        block = np.ascontiguousarray(X[rows])
        best = np.full(len(block), np.inf, dtype=np.float32)
        for columns in blocks(len(chosen), COLUMNS):
            found, at = _lowest(block, chosen[columns], lengths[columns])
            better = found < best
            best[better] = found[better]
            which[rows][better] = at[better] + columns.start
        distance[rows] = np.sqrt(squared_direct(block, chosen[which[rows]]))
    return distance, which


def _lowest(block: F32, centres: F32, lengths: F32) -> tuple[F32, I64]:
    """Return per row the lowest |c|^2 - 2 x.c and where it is; |x|^2 does not change which one is lowest."""
    scores = block @ (np.float32(-2) * centres).T
    scores += lengths
    at = scores.argmin(axis=1)
    return scores[np.arange(len(at)), at], at
