"""Facility location on a graph of nearest neighbours: lazy greedy."""

import heapq
from collections.abc import Sequence

import numpy as np

from cuvee.arrays import F32, I64

ONE = 2**24  # similarities are counted in whole 2^-24, so that sums are exact and equal gains compare equal


def facility_location(idx: I64, similarity: F32, n: int, k: int, *, taken: Sequence[int] | I64 = ()) -> tuple[I64, F32]:
    """Return k row numbers in pick order, and what each adds to f(S) = sum over rows i of max over j in S of s_ij.

    idx, similarity: (n, m) nearest neighbours of every row and their similarity; -1 where there is none. s is
    symmetric, so an edge that either row lists is known to both; s_ii = 1; other pairs, and similarities below 0,
    count 0; those above 1 count 1. taken: rows that count as chosen and are never returned. Where k is more than the
    free rows, all of them are returned.

    Greedy: the free row that adds most, ties to the lowest row number; f(S) is at least 1 - 1/e of the best
    (Nemhauser, Wolsey, Fisher 1978). Lazy (Minoux 1978): what a row adds only shrinks as S grows, so an old value is
    an upper bound, and only rows on top of a heap are evaluated again. Gains never grow along the picks.
    """
    held = np.unique(np.asarray(taken, dtype=np.int64))
    rows, gains = _lazy_greedy(*graph(idx, similarity, n), held, k)
    return rows, (gains / ONE).astype(np.float32)


def _lazy_greedy(start: I64, rows_of: I64, weight: I64, held: I64, k: int) -> tuple[I64, I64]:
    """Return the picks and their gains in whole 2^-24."""
    n = len(start) - 1
    covered = np.zeros(n, dtype=np.int64)  # how well each row is represented

    def cover(row: int) -> None:
        edges = slice(start[row], start[row + 1])
        covered[rows_of[edges]] = np.maximum(covered[rows_of[edges]], weight[edges])

    def gain(row: int) -> int:
        edges = slice(start[row], start[row + 1])
        return int(np.maximum(weight[edges] - covered[rows_of[edges]], 0).sum())

    for row in held.tolist():
        cover(row)
    sums = np.concatenate([[0], np.cumsum(np.maximum(weight - covered[rows_of], 0))])
    bounds = (sums[start[1:]] - sums[start[:-1]]).tolist()
    free = np.setdiff1d(np.arange(n), held).tolist()
    heap = [(-bounds[row], row) for row in free]
    heapq.heapify(heap)
    picks: list[int] = []
    gains: list[int] = []
    while heap and len(picks) < k:
        _, row = heap[0]
        entry = (-gain(row), row)
        # ties: a lower row number with the same bound is still above this entry and is evaluated first
        heapq.heapreplace(heap, entry)
        if heap[0] == entry:
            heapq.heappop(heap)
            picks.append(row)
            gains.append(-entry[0])
            cover(row)
    return np.asarray(picks, dtype=np.int64), np.asarray(gains, dtype=np.int64)


def graph(idx: I64, similarity: F32, n: int) -> tuple[I64, I64, I64]:
    """Return the symmetric graph with its loops as (start, rows, weight): row j's edges are start[j]..start[j + 1]."""
    from scipy import sparse

    known = (idx >= 0) & (similarity > 0)
    left, right = np.nonzero(known)[0], idx[known]
    whole = np.rint(np.minimum(similarity[known], 1).astype(np.float64) * ONE).astype(np.int64)
    edges = sparse.csr_array((whole, (left, right)), shape=(n, n))
    loops = sparse.csr_array((np.full(n, ONE, dtype=np.int64), (np.arange(n), np.arange(n))), shape=(n, n))
    graph = edges.maximum(edges.T).maximum(loops).tocsr()
    graph.sort_indices()
    return graph.indptr.astype(np.int64), graph.indices.astype(np.int64), graph.data
