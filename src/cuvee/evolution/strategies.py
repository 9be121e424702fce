"""How a model picks the next rows for itself (DiverseEvol, arXiv 2311.08182, and the strategies it compares with)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cuvee.arrays import F32, I64
from cuvee.geometry.kcenter import kcenter

Pick = Callable[[F32, I64, int, np.random.Generator], I64]  # (values, chosen, k, rng) -> k free rows, best first


@dataclass(frozen=True, slots=True)
class Strategy:
    """One way to pick.

    reads: what the model must tell of every row: "hidden" (n, d) means, "max_logit", "margin" or "entropy" (n,) means
    over tokens, or "nothing". pick: never returns a chosen row; fewer than k where no more are free.
    """

    name: str
    reads: str
    pick: Pick
    summary: str


def _spread(X: F32, chosen: I64, k: int, rng: np.random.Generator) -> I64:
    return kcenter(X, k, taken=chosen)[0]


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


OVER = {"sequence": "prompt and answer, as published", "answer": "the answer's tokens only"}
"""What the means of least-confidence, margin and entropy are taken over."""

STRATEGIES: dict[str, Strategy] = {
    strategy.name: strategy
    for strategy in (
        Strategy("k-center", "hidden", _spread, "the rows farthest from everything chosen, in the model's own space"),
        Strategy("random", "nothing", _any, "any rows"),
        Strategy("least-confidence", "max_logit", _lowest, "the lowest mean of the largest logit"),
        Strategy("margin", "margin", _lowest, "the smallest mean gap of the two largest logits"),
        Strategy("entropy", "entropy", _highest, "the highest mean entropy of the next token"),
    )
}
