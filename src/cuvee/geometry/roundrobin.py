"""Round robin: every query in turn takes what is nearest to it of what is left."""

import numpy as np

from cuvee.arrays import F32, I64
from cuvee.geometry.distances import blocks


def round_robin(queries: F32, X: F32, k: int) -> I64:
    """Return min(k, n) row numbers of X, (n, d), best first: query after query takes its row with the highest product.

    queries: (q, d); unit rows on both sides make it the cosine. Ties go to the lowest row. Holds q x n numbers in blocks of
    64 queries' orders, so memory grows with q x n.
    """
    wishes = np.concatenate(
        [np.argsort(-(queries[part] @ X.T), axis=1, kind="stable") for part in blocks(len(queries), 64)]
    )
    place, chosen = np.zeros(len(queries), dtype=np.int64), np.zeros(len(X), dtype=bool)
    rows = np.empty(min(k, len(X)), dtype=np.int64)
    for pick in range(len(rows)):
        query = pick % len(queries)
        while chosen[wishes[query, place[query]]]:
            place[query] += 1
        rows[pick] = wishes[query, place[query]]
        chosen[rows[pick]] = True
    return rows
