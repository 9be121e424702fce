"""A budget in tokens: the longest best-first prefix that fits."""

from collections.abc import Callable

import numpy as np

from cuvee.arrays import I64
from cuvee.errors import SelectionError
from cuvee.samples.pool import Selection


def longest_prefix(select: Callable[[int], Selection], tokens: I64, free: I64, budget: int) -> Selection:
    """Return the longest prefix of a ranking whose tokens add up to at most ``budget``.

    select: k -> the first k rows of one nested ranking; it is asked for more and more rows until they do not fit.
    tokens: (n,) per row. free: rows that may be chosen. A row that alone is over the budget can never fit and is left
    out of the ranking, so at least one row is chosen where any fits. Raises SelectionError where none does.
    """
    if budget <= 0 or not len(free):
        return select(0)
    smallest = int(tokens[free].min())
    if smallest > budget:
        raise SelectionError(f"no row fits {budget:,} tokens", f"the smallest free row has {smallest:,}")
    k = min(len(free), int(1.25 * budget / max(float(tokens[free].mean()), 1.0)) + 16)
    while True:
        ranking = select(k)
        at = np.flatnonzero(tokens[ranking.rows] <= budget)
        fits = int((np.cumsum(tokens[ranking.rows[at]]) <= budget).sum())
        if fits < len(at) or k >= len(free):
            return _picks(ranking, at[:fits])
        k = min(2 * k, len(free))


def _picks(ranking: Selection, at: I64) -> Selection:
    reasons = [ranking.reason(int(pick)) for pick in at] if len(ranking.reasons) > 1 else ranking.reasons
    return Selection(ranking.rows[at], ranking.gains[at], reasons)
