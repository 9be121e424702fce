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

    tasks: (q,) codes into ``names``. cluster: (q,) codes 0, 1, ...: questions of one code move together (several prompts on
    one passage), so chance drew them as one.
    """

    tasks: I64
    names: list[str]
    cluster: I64

    @classmethod
    def of(cls, labels: Sequence[str], together: Sequence[str] | None = None) -> "Questions":
        """Return the questions with these task labels. together: names of what moves together; None for each by itself.

        Raises InputError for fewer than two that move apart: one says nothing of others.
        """
        if len(labels) < 2:
            raise InputError(f"{len(labels)} questions have a value in every arm", "hold out more rows, or give more")
        names, codes = np.unique(np.asarray(labels, dtype=object).astype(str), return_inverse=True)
        cluster = np.arange(len(labels), dtype=np.int64) if together is None else _codes(together)
        if not cluster.any():
            raise InputError(
                "all questions move together, so they say nothing of others", "hold out more, or other, rows"
            )
        return cls(codes.astype(np.int64), names.tolist(), cluster)

    @cached_property
    def clusters(self) -> int:
        """How many draws of chance the questions are."""
        return int(self.cluster.max()) + 1

    @cached_property
    def weights(self) -> F64:
        """(q,) weight of each question in the mean; they add up to 1."""
        weights: F64 = 1.0 / (len(self.names) * np.bincount(self.tasks)[self.tasks])
        return weights

    @cached_property
    def groups(self) -> list[I64]:
        """Question numbers whose spread is taken together: each task; tasks of one cluster are collapsed into one group.

        A collapsed group counts the differences between its tasks as chance, so the interval becomes wider, never
        narrower (collapsed strata: Cochran, Sampling Techniques, 1977, 5A.12).
        """
        tasks = [np.flatnonzero(self.tasks == task) for task in range(len(self.names))]
        groups = [group for group in tasks if self._draws(group) > 1]
        single = np.flatnonzero(~np.isin(np.arange(len(self.tasks)), np.concatenate([*groups, []])))
        if len(single) and self._draws(single) == 1 and groups:
            smallest = min(range(len(groups)), key=lambda at: self._draws(groups[at]))
            groups[smallest] = np.concatenate([groups[smallest], single])
        elif len(single):
            groups.append(single)
        return [group.astype(np.int64) for group in groups]

    @cached_property
    def strata(self) -> list[I64]:
        """Clusters that are drawn from together: those of a group, and of all groups that a cluster joins to it."""
        joined: list[set[int]] = []
        for group in self.groups:
            found = set(self.cluster[group].tolist())
            apart = [other for other in joined if not other & found]
            place = next((at for at, other in enumerate(joined) if other & found), len(apart))
            apart.insert(place, found.union(*(other for other in joined if other & found)))
            joined = apart
        return [np.array(sorted(found), dtype=np.int64) for found in joined]

    def deviations(self, X: F64, *, unbiased: bool = False) -> F64:
        """Return (c, ...) per cluster the sum of its questions' weighted deviations from their group's mean.

        X: (q, ...). They add up to 0. unbiased: made larger by sqrt(n / (n - 1)) for n clusters in a group, so that their
        squares add up to the variance of the weighted mean.
        """
        parts = np.zeros(X.shape)
        for group in self.groups:
            w = self.weights[group].reshape(-1, *[1] * (X.ndim - 1))
            n = self._draws(group)
            scale = (n / (n - 1)) ** 0.5 if unbiased else 1.0
            parts[group] = scale * w * (X[group] - (w * X[group]).sum(axis=0) / w.sum())
        order = np.argsort(self.cluster, kind="stable")
        starts = np.flatnonzero(np.diff(self.cluster[order], prepend=-1))
        sums: F64 = np.add.reduceat(parts[order], starts, axis=0)
        return sums

    def _draws(self, questions: I64) -> int:
        return len(np.unique(self.cluster[questions]))

    def means(self, values: F64) -> F64:
        """Return (..., t) the mean of each task of (..., q) values."""
        return np.stack([values[..., self.tasks == task].mean(axis=-1) for task in range(len(self.names))], axis=-1)


def complete(arms: Sequence[ArmResults]) -> Bool:
    """Return (q,) whether a question has a value in every run of every arm: only these are compared."""
    answered: Bool = np.all([np.isfinite(arm.values).all(axis=0) for arm in arms], axis=0)
    return answered


def _codes(names: Sequence[str]) -> I64:
    """Return codes 0, 1, ... in order of first appearance."""
    place = {name: at for at, name in enumerate(dict.fromkeys(names))}
    return np.array([place[name] for name in names], dtype=np.int64)
