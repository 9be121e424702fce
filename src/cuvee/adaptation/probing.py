"""Probes: what one step on one row does to the goal. One number per row, where an episode gives one for a whole batch.

Imports torch; import it late.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from cuvee import disk, progress
from cuvee.adaptation.asked import LearnAsk
from cuvee.adaptation.goal import Goal
from cuvee.adaptation.sampling import best
from cuvee.adaptation.state import DIFFICULTY_COLUMNS, GOAL_COLUMNS
from cuvee.arrays import F32, F64, I64
from cuvee.models import meter
from cuvee.models.causal import Causal
from cuvee.render import Encoded
from cuvee.training.fresh import fresh

PART = 16  # probes that are lost when a run is killed
FILE = "probes.npy"


def probes(columns: F32, count: int, rng: np.random.Generator) -> I64:
    """Return the numbers of at most ``count`` rows to probe: half of them nearest to the goal, the others drawn alike.

    columns: (n, 38). Of a family that is 5 % of the pool, 200 probes drawn alike hold ten rows: too few to tell it by. Nearest
    is by the sum of the two columns that compare a row with the goal.
    """
    first = len(DIFFICULTY_COLUMNS)
    nearness = np.asarray(columns[:, first : first + len(GOAL_COLUMNS)]).sum(axis=1)
    near = best(nearness, count // 2)
    others = np.setdiff1d(np.arange(len(columns)), near)
    drawn = rng.permutation(others)[: count - len(near)]
    return np.concatenate([near, drawn]).astype(np.int64)


def probed(ask: LearnAsk, goal: Goal, rows: Sequence[Encoded], at: I64, folder: Path) -> F64:
    """Return (p,) by how much the goal gets better by one step on each of these rows, in the reward's unit; more is better.

    at: (p,) row numbers. The step goes from the base of ``ask`` down the row's own gradient, as far as the first step of a
    training goes: lr * sqrt(weights), the length of Adam's. folder: keeps what is done, so that a killed run goes on. A row
    whose gradient is zero is worth 0.
    """
    found = _known(folder / FILE, len(at))
    left = np.flatnonzero(np.isnan(found))
    if not len(left):
        return found
    probe = Probe.of(fresh(ask.base, ask.training, seed=ask.seed), ask, goal)
    with progress.bar("probing", len(at), done=len(at) - len(left)) as advance:
        for turn, place in enumerate(left.tolist()):
            found[place] = probe.worth(rows[int(at[place])])
            advance(1)
            if (turn + 1) % PART == 0:
                disk.save_array(folder / FILE, found)
    disk.save_array(folder / FILE, found)
    return found


def _known(path: Path, count: int) -> F64:
    """Return what earlier calls found, NaN where nothing was."""
    found: F64 = np.full(count, np.nan)
    if path.is_file():
        found[:] = np.load(path)
    return found


class Probe:
    """A model that takes one step on a row, is asked how good it is, and goes back."""

    def __init__(self, causal: Causal, performance: Callable[[torch.nn.Module], float], lr: float) -> None:
        self.causal, self.performance = causal, performance
        self.weights = [weight for weight in causal.model.parameters() if weight.requires_grad]
        self.kept = [weight.detach().clone() for weight in self.weights]
        self.length = lr * sum(weight.numel() for weight in self.weights) ** 0.5
        self.start = performance(causal.model)

    @classmethod
    def of(cls, causal: Causal, ask: LearnAsk, goal: Goal) -> "Probe":
        """Return the probe of a run: paid by its reward on the goal's validation part."""
        return cls(causal, ask.goal.reward.performance(causal, goal.validation), ask.training.lr)

    def worth(self, row: Encoded) -> float:
        """Return by how much the performance rises by one step on a row."""
        gradients = self._gradients(row)
        norm = float(torch.stack([part.norm() for part in gradients]).norm())
        if norm == 0:
            return 0.0
        with torch.no_grad():
            for weight, part in zip(self.weights, gradients, strict=True):
                weight.add_(part, alpha=-self.length / norm)
        try:
            return self.performance(self.causal.model) - self.start
        finally:
            with torch.no_grad():
                for weight, kept in zip(self.weights, self.kept, strict=True):
                    weight.copy_(kept)

    def _gradients(self, row: Encoded) -> list[torch.Tensor]:
        ids = torch.from_numpy(row.ids.astype(np.int64))[None].to(self.causal.device)
        labels = torch.where(torch.from_numpy(row.answer).to(self.causal.device), ids, -100)
        loss = self.causal.model(input_ids=ids, labels=labels).loss
        parts = torch.autograd.grad(loss, self.weights, allow_unused=True)
        meter.charge(forward=len(row), backward=len(row))
        return [
            torch.zeros_like(weight) if part is None else part for weight, part in zip(self.weights, parts, strict=True)
        ]
