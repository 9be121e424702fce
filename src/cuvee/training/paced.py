"""Feeds that go by the loss of each row: from easy to hard, or the hard ones more often. What RAISE is compared with."""

import numpy as np

from cuvee import rng
from cuvee.arrays import F32, F64, I64
from cuvee.training.feeds import Fixed

START = 0.2  # share of the rows that the first step draws from
FULL = 0.8  # share of the steps after which it draws from all


class Paced(Fixed):
    """Self-paced: a step draws from the easiest rows, whose share grows evenly from a fifth to all (Kumar et al., 2010).

    losses: (n,) lower is easier; a row without one (NaN) is the hardest. A step draws without replacement.
    """

    def __init__(self, losses: F32 | F64, batch: int, *, steps: int, seed: int) -> None:
        self.order = np.argsort(np.nan_to_num(losses, nan=np.inf), kind="stable").astype(np.int64)
        self.batch, self.steps, self.seed = min(batch, len(self.order)), steps, seed

    def next(self, step: int) -> I64:
        """Return rows of the easiest part that this step may draw from."""
        share = min(1.0, START + (1 - START) * step / max(1.0, FULL * self.steps))
        among = max(self.batch, int(np.ceil(share * len(self.order))))
        drawn = rng.stream(self.seed, "paced", str(step)).choice(among, size=self.batch, replace=False)
        return self.order[drawn]


class Weighted(Fixed):
    """Loss-based: a step draws rows without replacement, each with a chance in proportion to its loss.

    losses: (n,) at least 0; a row without one (NaN) is never drawn while there are others.
    """

    def __init__(self, losses: F32 | F64, batch: int, *, seed: int) -> None:
        weights = np.maximum(np.nan_to_num(losses.astype(np.float64), nan=0.0), 1e-12)
        self.chances = weights / weights.sum()
        self.batch, self.seed = min(batch, len(losses)), seed

    def next(self, step: int) -> I64:
        """Return rows, the likelier the higher their loss."""
        chance = rng.stream(self.seed, "weighted", str(step))
        drawn: I64 = chance.choice(len(self.chances), size=self.batch, replace=False, p=self.chances)
        return drawn.astype(np.int64)
