"""Stratified: every task (or source) gets its share of the budget."""

import numpy as np

from cuvee.apportionment import apportion
from cuvee.arrays import F32, I64
from cuvee.errors import ConfigError, SelectionError
from cuvee.samples.pool import BarePool, Selection
from cuvee.selectors import needs, order

COLUMNS = ("task", "source")


def stratified(  # noqa: PLR0913 (each setting is an option of the method, under the name that users know)
    pool: BarePool,
    k: int,
    *,
    rng: np.random.Generator,
    by: str = "task",
    temperature: float = 1.0,
    cap: int | float | None = None,
    score: str | None = None,
) -> Selection:
    """Return k rows, shared out among the strata one seat at a time (see ``apportion``), taken rows counted in.

    by: task or source; rows without one are a stratum of their own. temperature: a stratum weighs
    size ** (1 / temperature): 1 is proportional, large is equal, as in multilingual pre-training (arXiv 1901.07291
    with alpha = 1 / temperature). cap: most rows of one stratum (int), or its largest share (float in (0, 1]);
    broken only where the other strata have no rows left or are at the cap too, and the reason then says so.
    score: inside a stratum best first by this score (see ``top``); None: at random. Gains are the scores, else NaN.
    Raises ConfigError for a setting out of range, SelectionError for a column or score that is not there.
    """
    _check(by, temperature, cap)
    k = needs.size(pool, k)
    codes, names = _strata(pool, by)
    sizes = np.bincount(codes, minlength=len(names))
    values = np.full(len(pool), np.nan, dtype=np.float32) if score is None else needs.score(pool, score)
    ranking = _preferred(pool, rng, values, score)
    queue = ranking[np.argsort(codes[ranking], kind="stable")]
    available = np.bincount(codes[queue], minlength=len(names))
    seats = np.bincount(codes[pool.taken], minlength=len(names))
    strata, over = apportion(sizes.astype(np.float64) ** (1.0 / temperature), available, k, seats=seats, cap=cap)
    rows = queue[(np.cumsum(available) - available)[strata] + _occurrence(strata)]
    told = [f"{by} {name}" for name in names]
    reasons = [
        told[s] + (", over the cap: no other had rows left" if o else "") for s, o in zip(strata, over, strict=True)
    ]
    return Selection(rows, values[rows], reasons)


def _check(by: str, temperature: float, cap: int | float | None) -> None:
    if by not in COLUMNS:
        raise ConfigError(f"cannot stratify by {by!r}", f"choose one of: {', '.join(COLUMNS)}")
    if not temperature > 0:
        raise ConfigError(f"temperature must be above 0, not {temperature}", "1 is proportional, large is equal")
    if cap is not None and (cap < 1 if isinstance(cap, int) else not 0 < cap <= 1):
        raise ConfigError(f"cap must be a number of rows from 1 or a share in (0, 1], not {cap}", "100, or 0.2")


def _strata(pool: BarePool, by: str) -> tuple[I64, list[str]]:
    """Return (n,) stratum numbers and names, larger strata first, equal ones by name: the order that breaks ties."""
    if by not in pool.table.column_names:
        raise SelectionError(f"the pool's table has no column {by!r}", f"keep the {by} column")
    codes, names = pool.labels(by)
    sizes = np.bincount(codes, minlength=len(names))
    old = sorted(range(len(names)), key=lambda at: (-sizes[at], names[at]))
    new = np.empty(len(names), dtype=np.int64)
    new[old] = np.arange(len(names))
    return new[codes], [names[at] for at in old]


def _preferred(pool: BarePool, rng: np.random.Generator, values: F32, score: str | None) -> I64:
    """Return the free rows, best first over all strata."""
    place = order.ranks(pool)
    if score is None:
        return order.best_first(pool.free, order.draws(pool, rng), place)
    return order.best_first(pool.free, needs.goodness(values, needs.higher_is_better(score)), place)


def _occurrence(strata: I64) -> I64:
    """Return how often each entry's value stood before it."""
    by_stratum = np.argsort(strata, kind="stable")
    counts = np.bincount(strata)
    occurrence = np.empty(len(strata), dtype=np.int64)
    occurrence[by_stratum] = np.arange(len(strata)) - np.repeat(np.cumsum(counts) - counts, counts)
    return occurrence
