"""Cluster draw: clusters weighted by how good they are, rows drawn inside."""

import numpy as np

from cuvee.apportionment import apportion
from cuvee.arrays import F64, I64
from cuvee.errors import ConfigError
from cuvee.samples.pool import BarePool, Selection
from cuvee.selectors import needs, order
from cuvee.selectors.strata import clustered
from cuvee.selectors.stratified import occurrence


def cluster_draw(  # noqa: PLR0913 (each setting is an option of the method, under the name that users know)
    pool: BarePool,
    k: int,
    *,
    rng: np.random.Generator,
    clusters: int = 100,
    score: str | None = None,
    sizes: float = 0.0,
) -> Selection:
    """Return k rows: k-means clusters get seats by weight, and inside one, rows are drawn in proportion to their quality.

    After kMQ (arXiv 2409.11378). A cluster weighs (its rows) ** sizes x (their mean quality): with sizes=0 every cluster
    counts alike, with 1 by its size, as published. score: a row's quality is its rank by this score among those that have
    one, above 0 to 1; rows without come last in their cluster. None: all alike, an even draw. clusters does not follow k,
    so that smaller selections are prefixes of larger ones. Taken rows count as their cluster's share. Gains are the scores,
    else NaN. Raises SelectionError where vectors or the score are missing, ConfigError for a setting that cannot be.
    """
    if not 0 <= sizes <= 1:
        raise ConfigError(f"sizes must be in [0, 1], not {sizes}", "0: every cluster alike, 1: by its rows")
    k, X = needs.size(pool, k), needs.vectors(pool, "cluster-draw")
    labels, _ = clustered(pool, X, clusters, rng)
    numbers = order.draws(pool, rng)
    values = np.full(len(pool), np.nan, dtype=np.float32) if score is None else needs.score(pool, score)
    quality = np.ones(len(pool)) if score is None else _ranks(needs.goodness(values, needs.higher_is_better(score)))
    counts = np.bincount(labels)
    means = np.bincount(labels, weights=quality) / np.maximum(counts, 1)
    rows, of = drawn(labels, counts**sizes * means, quality, numbers, k, taken=pool.taken)
    return Selection(rows, values[rows], [f"drawn from cluster {label}" for label in of.tolist()])


def drawn(  # noqa: PLR0913 (five columns and a size)
    labels: I64, weights: F64, quality: F64, numbers: F64, k: int, *, taken: I64
) -> tuple[I64, I64]:
    """Return k rows that are not taken, and the cluster of each.

    Seats go to clusters by weight (see ``apportion``), taken rows counted in; equal clusters by number. Inside, rows come in
    the order of a draw without replacement in proportion to quality: keys log(u) / q, highest first (Efraimidis, Spirakis
    2006). labels, quality (0 or more), numbers (u, uniform in (0, 1)): (n,); weights: (c,). k <= rows that are not taken.
    """
    with np.errstate(divide="ignore"):
        keys = np.where(quality > 0, np.log(numbers) / quality, -np.inf)
    free = np.setdiff1d(np.arange(len(labels)), taken)
    queue = free[np.lexsort((-numbers[free], -keys[free], labels[free]))]
    available = np.bincount(labels[queue], minlength=len(weights))
    seats = np.bincount(labels[taken], minlength=len(weights))
    least = max(float(weights.max(initial=0)), 1.0) * 1e-9  # a cluster of nothing comes last, but it comes
    turns, _ = apportion(np.maximum(weights, least), available, k, seats=seats)
    rows = queue[(np.cumsum(available) - available)[turns] + occurrence(turns)]
    return rows.astype(np.int64), turns


def _ranks(goodness: F64) -> F64:
    """Return (n,) ranks over n, equal values at their mean, 0 for NaN."""
    known = np.isfinite(goodness)
    _, place, counts = np.unique(goodness[known], return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    found = np.zeros(len(goodness))
    found[known] = (last - (counts - 1) / 2)[place] / max(int(known.sum()), 1)
    return found
