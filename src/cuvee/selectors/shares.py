"""Strata in turn, and inside each one the rows that cover it."""

from collections.abc import Callable

import numpy as np

from cuvee import sharding
from cuvee.apportionment import apportion
from cuvee.arrays import F32, I64
from cuvee.engines import chosen, divides, shards_of
from cuvee.geometry.herding import herding
from cuvee.geometry.kcenter import kcenter
from cuvee.progress import bar
from cuvee.samples.pool import BarePool
from cuvee.scorers.nearest import canonical
from cuvee.selectors import needs
from cuvee.sharding.vectors import in_file

DIVIDED = 20_000  # rows from which shards are looked at

WITHIN: dict[str, Callable[[F32, int, I64], tuple[I64, F32]]] = {
    "herding": lambda X, k, taken: herding(X, k, taken=taken),
    "k-center": lambda X, k, taken: _k_center(X, k, taken),
}


def _k_center(X: F32, k: int, taken: I64) -> tuple[I64, F32]:
    """Choose in shards where the command's work is divided, and these are worth it; the picks are the same."""
    if len(X) < DIVIDED or not divides():
        return kcenter(X, k, taken=taken)
    engine = chosen()
    with in_file(X) as path, bar("choosing", k) as advance:
        parts = sharding.parts([path], shards_of(engine), k=k)
        rows, distances, _ = sharding.kcenter(engine, parts, k, taken=taken, advance=advance)
    return rows, distances


def shared_out(pool: BarePool, codes: I64, k: int, rule: str, *, held: I64 | None = None) -> tuple[I64, F32]:
    """Return k free rows, every stratum in turn, and what each adds within its stratum.

    codes: (n,) stratum of each row; lower numbers come first in a turn. rule: a name in ``WITHIN``. held: rows that count as
    chosen, within their stratum and as its share; None for those that are taken. k <= free rows.
    """
    held = pool.taken if held is None else held
    X, strata = needs.vectors(pool, rule), int(codes.max(initial=-1)) + 1
    available, seats = (np.bincount(codes[rows], minlength=strata) for rows in (pool.free, held))
    turns, _ = apportion(np.ones(strata), available, k, seats=seats)
    rows, gains, chosen = np.empty(k, dtype=np.int64), np.empty(k, dtype=np.float32), np.zeros(len(pool), dtype=bool)
    chosen[held] = True
    open_rows = chosen.copy()
    open_rows[pool.free] = True
    order = canonical(pool) if strata > 1 or rule == "herding" else np.arange(len(pool), dtype=np.int64)
    order = order[open_rows[order]]
    for stratum in np.unique(turns).tolist():
        at = np.flatnonzero(turns == stratum)
        members = order[codes[order] == stratum]
        vectors = X if len(members) == len(X) and strata == 1 else X[members]  # all as they are: no copy
        place, gains[at] = WITHIN[rule](vectors, len(at), np.flatnonzero(chosen[members]))
        rows[at] = members[place]
    return rows, gains
