"""MIG: the row that adds most information, where information fades with what its label and near labels have already."""

import numpy as np

from cuvee.arrays import F32, F64, I64
from cuvee.errors import ConfigError
from cuvee.samples.pool import BarePool, Selection
from cuvee.selectors import needs, order
from cuvee.selectors.strata import strata


def mig(  # noqa: PLR0913 (each setting is an option of the method, under the name that users know)
    pool: BarePool,
    k: int,
    *,
    rng: np.random.Generator,
    by: str = "cluster",
    clusters: int = 100,
    score: str | None = None,
    edge: float = 0.7,
    power: float = 0.8,
) -> Selection:
    """Return k rows by greedy maximisation of sum over labels of (A q)^power (after MIG, arXiv 2504.13835).

    q_l is the summed quality of chosen rows of label l. A spreads it over the graph of labels: two labels are joined where
    the cosine of their mean vectors is at least ``edge``, an edge weighs that cosine, the label itself 1, and what a label
    gives sums to 1. The power, concave, makes each further row of a label and its neighbours worth less; greedy on such a
    function reaches 1 - 1/e of the best. by: cluster (of the vectors; tags in the paper), form, task or source; clusters:
    of the first two. score: quality, a score that is 0 or more and better when higher; rows without one come last; None: all 1.
    Taken rows count as chosen. Gains are what each pick adds. Raises SelectionError where vectors or the score are
    missing, ConfigError for a setting that cannot be. ``rng`` draws clusters, and equal rows of a label.
    """
    if not 0 < power <= 1 or not -1 <= edge <= 1:
        raise ConfigError(f"power={power}, edge={edge}", "a power above 0 to 1, and a cosine from -1 to 1")
    k, X = needs.size(pool, k), needs.vectors(pool, "mig")
    found = strata(pool, by, clusters, rng)
    quality = np.ones(len(pool), dtype=np.float32) if score is None else needs.score(pool, score)
    known = np.nan_to_num(quality.astype(np.float64), nan=0.0)
    if (known < 0).any() or (score is not None and not needs.higher_is_better(score)):
        raise ConfigError(f"{score} is no quality for mig", "take a score that is 0 or more and better when higher")
    A = _spread(X, found.codes, len(found.names), edge)
    ranking = order.best_first(pool.free, known, np.argsort(np.argsort(order.draws(pool, rng), kind="stable")))
    queue = ranking[np.argsort(found.codes[ranking], kind="stable")]
    held = np.zeros(len(found.names))
    np.add.at(held, found.codes[pool.taken], known[pool.taken])
    rows, gains = _greedy(A, found.codes, known, queue, held, k, power)
    return Selection(rows, gains, [f"{by} {found.names[code]}" for code in found.codes[rows].tolist()])


def _spread(X: F32, codes: I64, labels: int, edge: float) -> F64:
    """Return (labels, labels): column l is what a unit of quality in l gives to every label."""
    means = np.zeros((labels, X.shape[1]))
    np.add.at(means, codes, X)
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    cosines = np.round(means @ means.T, 6)  # sums round by order of rows
    A: F64 = np.where(cosines >= edge, np.maximum(cosines, 0), 0.0)
    np.fill_diagonal(A, 1.0)
    A /= A.sum(axis=0)
    return A


def _greedy(  # noqa: PLR0913 (the state of one search)
    A: F64, codes: I64, quality: F64, queue: I64, held: F64, k: int, power: float
) -> tuple[I64, F32]:
    """queue: free rows, label after label, best first inside: only the first of a label can be the next pick."""
    left = np.bincount(codes[queue], minlength=len(A))
    head = np.cumsum(left) - left
    level = A @ held
    rows, gains = np.empty(k, dtype=np.int64), np.empty(k, dtype=np.float32)
    for pick in range(k):
        there = np.flatnonzero(left)
        offered = quality[queue[head[there]]]
        after = (level[:, None] + A[:, there] * offered) ** power
        worth = np.round((after - (level**power)[:, None]).sum(axis=0), 9)
        label = there[int(worth.argmax())]
        rows[pick], gains[pick] = queue[head[label]], worth.max()
        level = level + A[:, label] * quality[rows[pick]]
        head[label] += 1
        left[label] -= 1
    return rows, gains
