"""A regime: how a made pool is spoiled, and how much of it may be chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from cuvee.arrays import I64
from cuvee.errors import ConfigError


@dataclass(frozen=True, order=True)
class Kind:
    """What a pool is like.

    imbalance: its tasks' sizes fall as rank ** -imbalance; 0 is equal, 1 is Zipf's law. duplicates: share of its rows that
    repeat another one word for word. noise: share of the different rows whose answer is another row's.
    """

    imbalance: float
    duplicates: float
    noise: float

    @property
    def name(self) -> str:
        """Return a name that is fit for a folder."""
        return f"imbalance{self.imbalance:g}-duplicates{self.duplicates:g}-noise{self.noise:g}"


@dataclass(frozen=True, order=True)
class Regime:
    """A pool's kind, and the budget: rows per task of the pool."""

    kind: Kind
    per_task: float

    @property
    def name(self) -> str:
        """Return a name that is fit for a folder."""
        return f"{self.kind.name}-rows{self.per_task:g}"

    def budget(self, tasks: int) -> int:
        """Return the rows that may be chosen of a pool of so many tasks, at least 2."""
        return max(2, round(self.per_task * tasks))


def kinds(imbalance: Sequence[float], duplicates: Sequence[float], noise: Sequence[float]) -> list[Kind]:
    """Return every combination, each once. Raises ConfigError for a number that cannot be."""
    found = [Kind(*values) for values in product(*(sorted(set(one)) for one in (imbalance, duplicates, noise)))]
    for kind in found:
        if not (0 <= kind.imbalance <= 4 and 0 <= kind.duplicates < 1 and 0 <= kind.noise <= 1):
            raise ConfigError(
                f"no pool is like {kind.name}",
                "imbalance 0 to 4, duplicates 0 to below 1, noise 0 to 1, commas between",
            )
    return found


def sizes(tasks: int, rows: int, imbalance: float) -> I64:
    """Return (tasks,) rows of each task, largest first, ``rows`` in all, none without a row.

    Raises ConfigError for fewer rows than tasks.
    """
    if rows < tasks:
        raise ConfigError(f"{rows} rows are too few for {tasks} tasks", "give at least a row for each")
    shares = np.arange(1, tasks + 1) ** -float(imbalance)
    wanted = np.maximum(1, np.floor(rows * shares / shares.sum())).astype(np.int64)
    while (over := int(wanted.sum()) - rows) > 0:  # tasks too small for a row took it from the others
        wanted[np.flatnonzero(wanted == wanted.max())[-1]] -= min(over, max(1, int(wanted.max()) // tasks))
    wanted[: rows - int(wanted.sum())] += 1
    found: I64 = wanted
    return found
