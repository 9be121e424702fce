"""k-center: take the row farthest from everything chosen, again and again."""

from dataclasses import replace

import numpy as np

from cuvee.arrays import I64
from cuvee.errors import ConfigError
from cuvee.samples.pool import BarePool, Selection
from cuvee.scorers.rarity import rarity
from cuvee.selectors import needs, order
from cuvee.selectors.shares import shared_out
from cuvee.selectors.strata import strata


def k_center(  # noqa: PLR0913 (each setting is an option of the method, under the name that users know)
    pool: BarePool,
    k: int,
    *,
    rng: np.random.Generator,
    by: str = "",
    clusters: int = 100,
    trim: str | float = 0.0,
) -> Selection:
    """Return k rows by greedy k-center (Gonzalez 1985; the strategy of DiverseEvol, arXiv 2311.08182).

    Taken rows are centres from the start. A twin of a chosen row comes last. Gains are Euclidean distances between
    unit vectors, 0 to 2, to the nearest row chosen before; infinity for the first, where nothing was taken.
    by: cluster, form, task or source: every one of them in turn, larger ones first, gives its farthest row, by distances
    within it; ``clusters`` of the first two. trim: this share of the pool, "2%" or 0.02, is outliers: the rows with the
    highest mean distance to their 15 nearest ones come after all others (greedy k-center seeks outliers; with z of them
    left out it is near the best for the rest: Charikar et al. 2001).
    Raises SelectionError where the pool has no vectors, ConfigError for a setting that cannot be. ``rng`` draws clusters.
    """
    k, share = needs.size(pool, k), _share(trim)
    needs.vectors(pool, "k-center")
    codes = strata(pool, by, clusters, rng).codes if by else np.zeros(len(pool), dtype=np.int64)
    outliers = _outliers(pool, round(share * len(pool))) if share else pool.taken[:0]
    inner = replace(pool, taken=np.union1d(pool.taken, outliers))
    first = min(k, len(inner.free))
    rows, gains = shared_out(inner, codes, first, "k-center", held=np.setdiff1d(pool.taken, outliers))
    if first < k:
        last, far = shared_out(replace(pool, taken=np.union1d(pool.taken, rows)), codes, k - first, "k-center")
        rows, gains = np.concatenate([rows, last]), np.concatenate([gains, far])
    told = [
        "farthest from the rows chosen before" + (f" of its {by}" if by else ""),
        "an outlier: no other row is left",
    ]
    return Selection(rows, gains, [told[int(at >= first)] for at in range(k)] if first < k else told[:1])


def _share(trim: str | float) -> float:
    try:
        share = float(trim[:-1]) / 100 if isinstance(trim, str) and trim.endswith("%") else float(trim)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise ConfigError(f"trim is {trim}", "give a share of the pool from 0 to below 1, such as 2%")
    return share


def _outliers(pool: BarePool, count: int) -> I64:
    """Return the ``count`` rows that lie farthest from their nearest ones."""
    every = np.arange(len(pool), dtype=np.int64)
    return np.sort(order.best_first(every, rarity(pool).astype(np.float64), order.ranks(pool))[:count])
