"""Herding: typical rows first, then those that represent what is left."""

import numpy as np

from cuvee.errors import ConfigError
from cuvee.samples.pool import BarePool, Selection
from cuvee.scorers.nearest import canonical
from cuvee.selectors import needs


def herding(
    pool: BarePool, k: int, *, rng: np.random.Generator, neighbours: int = 10, width: float | None = None
) -> Selection:
    """Return k rows by MaxHerding (arXiv 2407.12212): greedy facility location with the kernel exp(-d^2 / width^2).

    Dense places come first, outliers last, at any budget. neighbours: the width is the median distance of a row to this
    neighbour, twins left out, which is what the kernel calls near in this pool. width: a Euclidean distance between
    vectors instead. Taken rows count as chosen. Gains are what each pick adds to the mean kernel value of a row to its
    nearest chosen one, 0 to 1. Raises SelectionError where the pool has no vectors, ConfigError for a setting that cannot
    be. ``rng`` is not used.
    """
    from cuvee.geometry.herding import herding as greedy

    if neighbours < 1 or (width is not None and not width > 0):
        raise ConfigError(f"neighbours={neighbours}, width={width}", "neighbours from 1, and a width above 0 or none")
    k, X = needs.size(pool, k), needs.vectors(pool, "herding")
    order = canonical(pool)  # ties and the rows that the mean runs over go by content, not by place
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    rows, gains = greedy(X[order], k, neighbours=neighbours, width=width, taken=place[pool.taken])
    return Selection(order[rows], gains, ["represents rows that no chosen row was near"])
