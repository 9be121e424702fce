"""Orders that depend on the rows' content and not on where they stand in the pool."""

import numpy as np

from cuvee.arrays import F64, I64
from cuvee.rng import keyed
from cuvee.samples.pool import BarePool
from cuvee.scorers.nearest import canonical


def ranks(pool: BarePool) -> I64:
    """Return (n,) each row's place in the canonical order: what ties are broken by."""
    order = canonical(pool)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place


def draws(pool: BarePool, rng: np.random.Generator) -> F64:
    """Return (n,) numbers in (0, 1), uniform and independent, a function of content and one salt from ``rng``.

    Copies of a row get numbers of their own, else they would all be drawn together or not at all.
    """
    order = canonical(pool)
    keys = pool.keys[order]
    place = np.arange(len(keys))
    first = np.concatenate([[True], np.diff(keys) != 0])[: len(keys)]
    copy = place - np.maximum.accumulate(np.where(first, place, 0))
    numbers = np.empty(len(keys))
    with np.errstate(over="ignore"):
        numbers[order] = keyed(keys + copy.astype(np.uint64), int(rng.integers(2**63)))
    return numbers


def best_first(rows: I64, values: F64, place: I64) -> I64:
    """Return ``rows`` by their value, highest first, NaN last, ties by ``place``; values and place: (n,)."""
    return rows[np.lexsort((place[rows], -values[rows]))]
