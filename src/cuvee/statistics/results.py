"""What a proof is made from: one value per arm, training run and question; and how questions add up to one number."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cuvee.arrays import F64, I64, Bool
from cuvee.errors import InputError


@dataclass(frozen=True)
class ArmResults:
    """The results of one arm.

    values: (s, q) float64, one line per training run, one column per question; NaN where a question has no value.
    seeds: the number of each run. chance: whether another run could come out otherwise; False for a model that nothing was
    drawn for, such as the base model, which has one line and no seed.
    """

    name: str
    values: F64
    seeds: tuple[int, ...] = ()
    chance: bool = True

    def __post_init__(self) -> None:
        runs = len(self.seeds) if self.chance else 1
        if self.values.ndim != 2 or len(self.values) != runs or runs == 0:
            raise InputError(f"arm {self.name} has {self.values.shape} values for {runs} runs", "give one line per run")


@dataclass(frozen=True)
class Questions:
    """How questions add up: the mean over tasks of the mean over a task's questions, so that big tasks do not rule.

    tasks: (q,) codes into ``names``.
    """

    tasks: I64
    names: list[str]

    @classmethod
    def of(cls, labels: Sequence[str]) -> "Questions":
        """Return the questions with these task labels. Raises InputError for fewer than two: one says nothing of others."""
        if len(labels) < 2:
            raise InputError(f"{len(labels)} questions have a value in every arm", "hold out more rows, or give more")
        names, codes = np.unique(np.asarray(labels, dtype=object).astype(str), return_inverse=True)
        return cls(codes.astype(np.int64), names.tolist())

    @cached_property
    def weights(self) -> F64:
        """(q,) weight of each question in the mean; they add up to 1."""
        weights: F64 = 1.0 / (len(self.names) * np.bincount(self.tasks)[self.tasks])
        return weights

    @cached_property
    def groups(self) -> list[I64]:
        """Question numbers whose spread is taken together: each task; tasks of one question are collapsed into one group.

        A collapsed group counts the differences between its tasks as chance, so the interval becomes wider, never
        narrower (collapsed strata: Cochran, Sampling Techniques, 1977, 5A.12).
        """
        sizes = np.bincount(self.tasks)
        groups = [np.flatnonzero(self.tasks == task) for task in np.flatnonzero(sizes > 1)]
        single = np.flatnonzero(sizes[self.tasks] == 1)
        if len(single) == 1 and groups:
            smallest = min(range(len(groups)), key=lambda at: len(groups[at]))
            groups[smallest] = np.concatenate([groups[smallest], single])
        elif len(single):
            groups.append(single)
        return [group.astype(np.int64) for group in groups]

    def means(self, values: F64) -> F64:
        """Return (..., t) the mean of each task of (..., q) values."""
        return np.stack([values[..., self.tasks == task].mean(axis=-1) for task in range(len(self.names))], axis=-1)


def complete(arms: Sequence[ArmResults]) -> Bool:
    """Return (q,) whether a question has a value in every run of every arm: only these are compared."""
    answered: Bool = np.all([np.isfinite(arm.values).all(axis=0) for arm in arms], axis=0)
    return answered
