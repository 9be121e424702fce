"""How a model picks the next rows for itself (DiverseEvol, arXiv 2311.08182, and the strategies it compares with)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cuvee.arrays import F32, I64
from cuvee.geometry.clusters import kmeans
from cuvee.geometry.herding import herding
from cuvee.geometry.kcenter import kcenter
from cuvee.selectors.clusterdraw import drawn

CLUSTERS = 100  # of cluster-draw, as in the selector
Pick = Callable[[F32, I64, int, np.random.Generator], I64]  # (values, chosen, k, rng) -> k free rows, best first


@dataclass(frozen=True, slots=True)
class Strategy:
    """One way to pick.

    reads: what the model must tell of every row: "hidden" (n, d) unit rows, "hidden+loss" the same and
    a last column, the mean loss of the answer's tokens, "max_logit", "margin" or "entropy" (n,) means
    over the answer's tokens, or "nothing". pick: never returns a chosen row; fewer than k where no more are free.
    """

    name: str
    reads: str
    pick: Pick
    summary: str


def _spread(X: F32, chosen: I64, k: int, rng: np.random.Generator) -> I64:
    return kcenter(X, k, taken=chosen)[0]


def _represent(X: F32, chosen: I64, k: int, rng: np.random.Generator) -> I64:
    return herding(X, k, taken=chosen)[0]


def _by_cluster(values: F32, chosen: I64, k: int, rng: np.random.Generator) -> I64:
    """Clusters of the model's space weigh as likely as the model finds their answers: what it cannot learn fades.

    kMQ's rounds (arXiv 2409.11378): every round's model scores the clusters anew. A cluster's score is exp(-mean loss),
    in place of a reward model's mark of what the model writes; a row without a loss counts as not likely at all.
    """
    X, losses = np.ascontiguousarray(values[:, :-1]), values[:, -1].astype(np.float64)
    labels = kmeans(X, min(CLUSTERS, len(X)), seed=int(rng.integers(2**31 - 1))).labels
    likely = np.where(np.isfinite(losses), np.exp(-losses), 0.0)
    counts = np.bincount(labels)
    weights = np.bincount(labels, weights=likely) / np.maximum(counts, 1)
    free = min(k, len(X) - len(np.unique(chosen)))
    return drawn(labels, weights, np.ones(len(X)), rng.random(len(X)), free, taken=chosen)[0]


def _any(values: F32, chosen: I64, k: int, rng: np.random.Generator) -> I64:
    return rng.permutation(_free(len(values), chosen))[:k]


def _lowest(values: F32, chosen: I64, k: int, rng: np.random.Generator) -> I64:
    """A row that could not be scored (NaN) is never picked; ties go to the lowest row number."""
    free = _free(len(values), chosen)
    free = free[np.isfinite(values[free])]
    return free[np.argsort(values[free], kind="stable")][:k]


def _highest(values: F32, chosen: I64, k: int, rng: np.random.Generator) -> I64:
    return _lowest(-values, chosen, k, rng)


def _free(n: int, chosen: I64) -> I64:
    return np.setdiff1d(np.arange(n, dtype=np.int64), chosen)


STRATEGIES: dict[str, Strategy] = {
    strategy.name: strategy
    for strategy in (
        Strategy("k-center", "hidden", _spread, "the rows farthest from everything chosen, in the model's own space"),
        Strategy("herding", "hidden", _represent, "the rows that represent what no chosen row is near, in that space"),
        Strategy("cluster-draw", "hidden+loss", _by_cluster, "drawn from clusters, those it finds likely more often"),
        Strategy("random", "nothing", _any, "any rows"),
        Strategy("least-confidence", "max_logit", _lowest, "the lowest mean of the largest logit"),
        Strategy("margin", "margin", _lowest, "the smallest mean gap of the two largest logits"),
        Strategy("entropy", "entropy", _highest, "the highest mean entropy of the next token"),
    )
}
