"""What a selector is."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cuvee.arrays import I64
from cuvee.errors import SelectionError
from cuvee.samples.pool import BarePool, Selection

HINT = "a selector returns a Selection of min(k, free) different free rows: row numbers, gains and reasons, best first"


@dataclass(frozen=True)
class Selector:
    """A way to choose rows.

    function: ``f(pool, k, *, rng, **settings) -> Selection`` of exactly min(k, free) rows, best first, so that the
    first 100 of 1,000 are the selection of 100. Taken rows count as chosen and are never chosen again. The result
    depends on the rows' content, not on their order.
    gain: what ``Selection.gains`` means here. source: paper, or where the rule is from. leaves_out: it may return
    fewer rows, since it leaves out those that a score calls unfit. by_ratings: its score must hold a rating.
    """

    name: str
    function: Callable[..., Selection]
    summary: str
    gain: str
    source: str
    needs_vectors: bool = False
    leaves_out: bool = False
    by_ratings: bool = False


def checked(found: object, pool: BarePool, k: int, name: str, *, fewer: bool = False) -> Selection:
    """Return what a selector gave, where that is a selection of k rows; members of the house and guests alike.

    fewer: less than k rows are welcome too.

    Raises SelectionError that says what is wrong: another type, or rows that are too few, repeated, taken or not there.
    """
    if not isinstance(found, Selection):
        raise SelectionError(f"{name} gave a {type(found).__name__}", HINT)
    rows, gains = np.asarray(found.rows), np.asarray(found.gains)
    if rows.ndim != 1 or (rows.dtype.kind not in "iu" and rows.size):
        raise SelectionError(f"{name} gave rows of {rows.ndim} dimensions and type {rows.dtype}", HINT)
    wrong = _wrong(rows.astype(np.int64), pool, min(k, len(rows)) if fewer else k)
    if not wrong and gains.shape != rows.shape:
        wrong = f"{gains.size:,} gains for {rows.size:,} rows"
    if not wrong and len(found.reasons) not in (0, 1, len(rows)):
        wrong = f"{len(found.reasons):,} reasons for {rows.size:,} rows"
    if wrong:
        raise SelectionError(f"{name} gave {wrong}", HINT)
    return Selection(rows.astype(np.int64), gains.astype(np.float32), found.reasons)


def _wrong(rows: I64, pool: BarePool, k: int) -> str:
    """Return what is wrong with rows that should be k different free ones, "" for nothing."""
    if len(rows) != k:
        return f"{len(rows):,} rows where {k:,} were asked for"
    if len(rows) and not 0 <= rows.min() <= rows.max() < len(pool):
        return f"rows {rows.min()} to {rows.max()} of a pool of {len(pool):,}"
    if len(np.unique(rows)) < len(rows):
        return f"{len(np.unique(rows)):,} different rows as {len(rows):,}"
    taken = np.intersect1d(rows, pool.taken)
    return f"{len(taken):,} rows that an earlier run took" if len(taken) else ""
