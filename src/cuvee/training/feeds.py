"""Feeds: what the trainer sees next. A feed gives the rows of each optimiser step; training does not know why these."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from cuvee import rng
from cuvee.arrays import I64

State = Mapping[str, Any]  # JSON-able


class Feed(Protocol):
    """What comes next.

    A feed is asked from any step on, so that a killed training goes on where it stopped: ``next`` depends on the step and
    on what was observed (its ``state``), not on how often it was called.
    """

    batch: int
    """The most rows of a step."""

    def next(self, step: int) -> I64:
        """Return the (m,) row numbers of optimiser step ``step`` (0 is the first); 1 <= m <= batch.

        A trainer asks once the step before is done and observed, never ahead.
        """

    def observe(self, step: int, reward: float) -> None:
        """Learn what step ``step`` was worth, higher is better; feeds that do not learn ignore it."""

    def state(self) -> State:
        """Return what was learnt so far; it goes into every checkpoint."""

    def restore(self, state: State) -> None:
        """Go on as the feed that had this state."""


class Fixed:
    """A feed that does not learn."""

    def observe(self, step: int, reward: float) -> None:
        """Nothing to learn."""

    def state(self) -> State:
        """Nothing was learnt."""
        return {}

    def restore(self, state: State) -> None:
        """Nothing was learnt."""


class Shuffled(Fixed):
    """Seeded epochs without replacement: every row once, in random order, before any row comes again.

    Every batch is full: the one that ends an epoch is filled from the next. A batch larger than the pool is the pool.
    """

    def __init__(self, rows: int, batch: int, *, seed: int) -> None:
        self.rows, self.batch, self.seed = rows, min(batch, rows), seed

    def next(self, step: int) -> I64:
        """Return ``batch`` rows: places step * batch ... of the epochs joined end to end."""
        start = step * self.batch
        parts: list[I64] = []
        place, left = start, self.batch
        while left:
            epoch, at = divmod(place, self.rows)
            part = self._epoch(epoch)[at : at + left]
            parts.append(part)
            place, left = place + len(part), left - len(part)
        return np.concatenate(parts)

    def _epoch(self, epoch: int) -> I64:
        return rng.stream(self.seed, "epoch", str(epoch)).permutation(self.rows).astype(np.int64)


class Turned(Fixed):
    """Some of m units in seeded epochs (``Shuffled``), every epoch the next version of each; see ``material.Material``."""

    def __init__(self, units: I64, m: int, turns: int, batch: int, *, seed: int) -> None:
        self.units, self.m, self.turns, self.shuffled = units, m, turns, Shuffled(len(units), batch, seed=seed)
        self.batch = self.shuffled.batch

    def next(self, step: int) -> I64:
        """Return ``batch`` numbers of units in the version of their epoch."""
        epoch = (step * self.batch + np.arange(self.batch)) // len(self.units)
        numbers: I64 = self.units[self.shuffled.next(step)] + self.m * (epoch % self.turns)
        return numbers


class InOrder(Fixed):
    """A listed trajectory: step -> rows, as it was recorded, steps of any size; after its end it starts again.

    passes: forward passes that every step was cut into when it was recorded, at least what its longest needs; 0 as needed.
    """

    def __init__(self, trajectory: Sequence[I64], passes: int = 0) -> None:
        self.trajectory, self.passes = trajectory, passes
        self.batch = max(map(len, trajectory))

    def next(self, step: int) -> I64:
        """Return the rows that were recorded for this step."""
        return np.asarray(self.trajectory[step % len(self.trajectory)], dtype=np.int64)
