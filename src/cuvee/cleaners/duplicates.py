"""Rows that repeat other rows, to the byte or nearly by their vectors. The first one is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cuvee.arrays import F32, I64, U8, U64

if TYPE_CHECKING:
    import faiss

_BLOCK = 2_048  # rows whose cosines to each other stand in memory
EXACT_ROWS = 30_000  # up to here every kept vector is compared


@dataclass(frozen=True)
class Near:
    """What each row repeats.

    keeper: (n,) int64, the earlier kept row that it repeats, -1 for a row that is kept.
    similarity: (n,) float32 in [0, 1], to that row, NaN for a row that is kept; higher is more alike.
    """

    keeper: I64
    similarity: F32


def exact(fingerprints: U8 | U64 | Sequence[bytes]) -> I64:
    """Return for every row the number of the first row with the same fingerprint, -1 where it is that first row.

    fingerprints: (n, 16) uint8, (n, 2) uint64 or n byte strings of one length.
    """
    if not len(fingerprints):
        return np.empty(0, dtype=np.int64)
    if not isinstance(fingerprints, np.ndarray):
        fingerprints = np.frombuffer(b"".join(fingerprints), dtype=np.uint8).reshape(len(fingerprints), -1)
    flat = np.ascontiguousarray(fingerprints)
    whole = flat.view(np.dtype((np.void, flat.shape[1] * flat.itemsize))).ravel()
    _, first, place = np.unique(whole, return_index=True, return_inverse=True)
    keeper: I64 = first[place].astype(np.int64)
    keeper[first] = -1
    return keeper


def near_vectors(X: F32, *, threshold: float) -> Near:
    """Return what each row repeats by cosine, by the same rule: the first of alike rows is kept.

    X: (n, d) float32 unit rows. threshold: cosine in (0, 1]. Exact up to 30,000 rows; above, the kept rows are searched
    through an inverted file of 4 * sqrt(n) cells of which 16 are read, so a pair may be missed, and every pair that is
    reported is true. Memory: the kept rows once more, and blocks of 2,048 x 2,048.
    """
    n = len(X)
    keeper = np.full(n, -1, dtype=np.int64)
    similarity = np.full(n, np.nan, dtype=np.float32)
    index = _index(X)
    kept: list[I64] = [np.empty(0, dtype=np.int64)]
    for start in range(0, n, _BLOCK):
        block = np.ascontiguousarray(X[start : start + _BLOCK], dtype=np.float32)
        nearest, place = index.search(block, 1)  # -1 where nothing is kept yet, with the lowest of values
        old = np.concatenate(kept)
        falls = nearest[:, 0] >= threshold
        keeper[start : start + len(block)][falls] = old[place[falls, 0]]
        similarity[start : start + len(block)][falls] = nearest[falls, 0]
        stand = np.flatnonzero(~falls)
        within, values = _greedy(block[stand] @ block[stand].T, threshold)
        again = within >= 0
        keeper[start + stand[again]] = start + stand[within[again]]
        similarity[start + stand[again]] = values[again]
        kept.append((start + stand[~again]).astype(np.int64))
        index.add(block[stand[~again]])
    np.clip(similarity, -1.0, 1.0, out=similarity)  # float32 products of unit rows go a little past 1
    return Near(keeper, similarity)


def _index(X: F32) -> "faiss.Index":
    import faiss

    n, d = X.shape
    if n <= EXACT_ROWS:
        return faiss.IndexFlatIP(d)
    cells = int(4 * np.sqrt(n))
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(d), d, cells, faiss.METRIC_INNER_PRODUCT)
    index.nprobe = 16
    index.train(np.ascontiguousarray(X[:: max(1, n // (40 * cells))], dtype=np.float32))
    return index


def _greedy(cosines: F32, threshold: float) -> tuple[I64, F32]:
    """Return for each row of a block the most similar kept earlier row of it, -1 where it is kept, and the cosine."""
    keeper = np.full(len(cosines), -1, dtype=np.int64)
    values = np.full(len(cosines), np.nan, dtype=np.float32)
    alike = np.tril(cosines >= threshold, k=-1)
    for row in np.flatnonzero(alike.any(axis=1)):
        others = np.flatnonzero(alike[row])
        others = others[keeper[others] < 0]
        if len(others):
            best = others[cosines[row, others].argmax()]
            keeper[row], values[row] = best, cosines[row, best]
    return keeper, values
