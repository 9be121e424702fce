"""Seats for strata: which stratum the next row comes from, so that every prefix is shared out well."""

import math

import numpy as np

from cuvee.arrays import F64, I64, Bool


def apportion(weights: F64, available: I64, k: int, *, seats: I64, cap: int | float | None = None) -> tuple[I64, Bool]:
    """Return the stratum of each of k seats in turn, (k,) int64, and whether it broke the cap, (k,) bool.

    Webster's divisor method: the next seat goes to the largest weight / (2 seats + 1), ties to the stratum that
    stands first. It is house-monotone: k seats are the first k of any larger number. weights: (s,) positive;
    available: (s,) rows left; seats: (s,) seats held before. k <= sum of available. cap: most seats of a stratum,
    an int, or a share of the house so far as a float in (0, 1]; broken only where no other stratum has rows.
    """
    if isinstance(cap, float):
        return _by_share(weights, available, k, seats, cap)
    stratum = np.repeat(np.arange(len(weights)), available)
    first = np.cumsum(available) - available
    held = np.arange(len(stratum)) - first[stratum] + seats[stratum]
    over = held >= cap if cap is not None else np.zeros(len(stratum), dtype=bool)
    quotient = weights[stratum] / (2 * held + 1)
    order = np.lexsort((stratum, -quotient, over))[:k]
    return stratum[order], over[order]


def _by_share(weights: F64, available: I64, k: int, seats: I64, share: float) -> tuple[I64, Bool]:
    held, left, house = seats.copy(), available.copy(), int(seats.sum())
    strata, broke = np.empty(k, dtype=np.int64), np.zeros(k, dtype=bool)
    for pick in range(k):
        limit = math.ceil(share * (house + pick + 1) - 1e-9)  # the slack keeps 0.1 * 30 at 3
        allowed = (left > 0) & (held < limit)
        broke[pick] = not allowed.any()
        quotient = np.where(left > 0 if broke[pick] else allowed, weights / (2 * held + 1), -1.0)
        strata[pick] = best = int(quotient.argmax())
        held[best] += 1
        left[best] -= 1
    return strata, broke
