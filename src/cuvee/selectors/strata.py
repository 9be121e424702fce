"""Strata: which task, source, cluster or form a row is of."""

from dataclasses import dataclass

import numpy as np

from cuvee.arrays import F32, I64
from cuvee.errors import ConfigError, SelectionError
from cuvee.samples.pool import BarePool
from cuvee.scorers.nearest import canonical
from cuvee.selectors import needs
from cuvee.selectors.form import forms

COLUMNS = ("task", "source")
CLUSTERED = ("cluster", "form")  # made here by k-means: of the vectors, of the forms of prompts


@dataclass(frozen=True)
class Strata:
    """codes: (n,) stratum of each row, larger strata first, equal ones by name: the order that breaks ties. names: of each.
    sizes: rows of each, taken ones too."""

    codes: I64
    names: list[str]
    sizes: I64


def strata(pool: BarePool, by: str, count: int, rng: np.random.Generator) -> Strata:
    """Return the strata that ``by`` names: task, source, cluster or form; count: of clusters or forms.

    Only clusters and forms draw from ``rng``. Raises ConfigError for another name, SelectionError for what the pool lacks.
    """
    if by in CLUSTERED:
        X = needs.vectors(pool, f"by={by}") if by == "cluster" else forms(pool)
        labels, _ = clustered(pool, X, count, rng)
        return _ordered(labels, [f"{number:06d}" for number in range(int(labels.max(initial=-1)) + 1)], renamed=True)
    if by not in COLUMNS:
        raise ConfigError(f"cannot stratify by {by!r}", f"choose one of: {', '.join((*COLUMNS, *CLUSTERED))}")
    if by not in pool.table.column_names:
        raise SelectionError(f"the pool's table has no column {by!r}", f"keep the {by} column")
    return _ordered(*pool.labels(by))


def clustered(pool: BarePool, X: F32, count: int, rng: np.random.Generator) -> tuple[I64, F32]:
    """Return (n,) k-means cluster of every row of X, and (n,) its Euclidean distance to the cluster's centre.

    X: (n, d) vectors of the pool's rows. The rows are seen in an order of their content. Raises ConfigError where count < 1.
    """
    from cuvee.geometry.clusters import kmeans

    if count < 1:
        raise ConfigError(f"clusters must be at least 1, not {count}", "100 is the default")
    seed = int(rng.integers(2**31 - 1))
    labels, distances = np.empty(len(pool), dtype=np.int64), np.empty(len(pool), dtype=np.float32)
    if not len(pool):
        return labels, distances
    rank = canonical(pool)
    found = kmeans(X[rank], min(count, len(pool)), seed=seed)
    labels[rank], distances[rank] = found.labels, found.distances
    return labels, distances


def _ordered(codes: I64, names: list[str], *, renamed: bool = False) -> Strata:
    """renamed: the new order numbers the strata, for names that say nothing."""
    sizes = np.bincount(codes, minlength=len(names))
    old = sorted(range(len(names)), key=lambda at: (-sizes[at], names[at]))
    new = np.empty(len(names), dtype=np.int64)
    new[old] = np.arange(len(names))
    told = [str(at) for at in range(len(names))] if renamed else [names[at] for at in old]
    return Strata(new[codes], told, sizes[old])
