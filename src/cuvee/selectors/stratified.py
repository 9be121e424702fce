"""Stratified: every task (source, cluster, form) gets its share of the budget."""

import numpy as np

from cuvee.apportionment import apportion
from cuvee.arrays import F32, I64
from cuvee.errors import ConfigError
from cuvee.samples.pool import BarePool, Selection
from cuvee.selectors import needs, order
from cuvee.selectors.strata import strata as strata_of


def stratified(  # noqa: PLR0913 (each setting is an option of the method, under the name that users know)
    pool: BarePool,
    k: int,
    *,
    rng: np.random.Generator,
    by: str = "task",
    temperature: float = 1.0,
    cap: int | float | None = None,
    score: str | None = None,
    clusters: int = 100,
) -> Selection:
    """Return k rows, shared out among the strata one seat at a time (see ``apportion``), taken rows counted in.

    by: task or source; rows without one are a stratum of their own; cluster (of the vectors, by k-means) or form (of the
    prompts' forms, see ``selectors.form``), ``clusters`` of them. temperature: a stratum weighs
    size ** (1 / temperature): 1 is proportional, large is equal, as in multilingual pre-training (arXiv 1901.07291
    with alpha = 1 / temperature). cap: most rows of one stratum (int), or its largest share (float in (0, 1]);
    broken only where the other strata have no rows left or are at the cap too, and the reason then says so.
    score: inside a stratum best first by this score (see ``top``); None: at random. Gains are the scores, else NaN.
    Raises ConfigError for a setting out of range, SelectionError for a column or score that is not there.
    """
    _check(temperature, cap)
    k = needs.size(pool, k)
    found = strata_of(pool, by, clusters, rng)
    codes, names, sizes = found.codes, found.names, found.sizes
    values = np.full(len(pool), np.nan, dtype=np.float32) if score is None else needs.score(pool, score)
    ranking = _preferred(pool, rng, values, score)
    queue = ranking[np.argsort(codes[ranking], kind="stable")]
    available = np.bincount(codes[queue], minlength=len(names))
    seats = np.bincount(codes[pool.taken], minlength=len(names))
    strata, over = apportion(sizes.astype(np.float64) ** (1.0 / temperature), available, k, seats=seats, cap=cap)
    rows = queue[(np.cumsum(available) - available)[strata] + occurrence(strata)]
    told = [f"{by} {name}" for name in names]
    reasons = [
        told[s] + (", over the cap: no other had rows left" if o else "") for s, o in zip(strata, over, strict=True)
    ]
    return Selection(rows, values[rows], reasons)


def _check(temperature: float, cap: int | float | None) -> None:
    if not temperature > 0:
        raise ConfigError(f"temperature must be above 0, not {temperature}", "1 is proportional, large is equal")
    if cap is not None and (cap < 1 if isinstance(cap, int) else not 0 < cap <= 1):
        raise ConfigError(f"cap must be a number of rows from 1 or a share in (0, 1], not {cap}", "100, or 0.2")


def _preferred(pool: BarePool, rng: np.random.Generator, values: F32, score: str | None) -> I64:
    """Return the free rows, best first over all strata."""
    place = order.ranks(pool)
    if score is None:
        return order.best_first(pool.free, order.draws(pool, rng), place)
    return order.best_first(pool.free, needs.goodness(values, needs.higher_is_better(score)), place)


def occurrence(strata: I64) -> I64:
    """Return how often each entry's value stood before it."""
    by_stratum = np.argsort(strata, kind="stable")
    counts = np.bincount(strata)
    occurrence = np.empty(len(strata), dtype=np.int64)
    occurrence[by_stratum] = np.arange(len(strata)) - np.repeat(np.cumsum(counts) - counts, counts)
    return occurrence
