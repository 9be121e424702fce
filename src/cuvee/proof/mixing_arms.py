"""MDIT and its ablations as arms of a proof: the settings that an arm takes, and the mixture of one training run."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cuvee.errors import ConfigError, InputError
from cuvee.interpolation.blend import Blending, blend, tasks_of, vectors_of
from cuvee.interpolation.mixing import Mixing
from cuvee.proof.ask import ArmAsk
from cuvee.training.mixture import Mixture

SETTINGS = ("alpha", "blends", "clusters", "density", "rows", "pairing", "tasks", "space")


@dataclass(frozen=True)
class MixingArm:
    """An arm that trains on a mixture. fixed: what makes it this arm; the user cannot set that."""

    summary: str
    fixed: Mapping[str, Any]

    @property
    def settings(self) -> tuple[str, ...]:
        """The names that this arm takes."""
        return tuple(name for name in SETTINGS if name not in self.fixed and not self._pointless(name))

    def _pointless(self, name: str) -> bool:
        return "clusters" in self.fixed and name in ("density", "rows", "space")

    def check(self, given: Mapping[str, Any]) -> Blending:
        """Return how the arm mixes. Raises ConfigError for a setting that cannot be."""
        own = {name: value for name, value in given.items() if name in ("tasks", "space")}
        mixing = {name: value for name, value in given.items() if name not in own}
        try:
            return Blending(Mixing(**{"blends": 1.0, **mixing, **self.fixed}), **own)
        except TypeError as wrong:  # a word where a number belongs
            raise ConfigError(
                f"a setting cannot be read: {wrong}", "write numbers, such as alpha=1:blends=2"
            ) from wrong

    def mixture(self, ask: ArmAsk) -> Mixture:
        """Return the rows and blends that one training run of the arm is made of, best first."""
        how, pool = self.check(ask.settings), ask.ground.pool
        tasks, _ = tasks_of(pool, how.tasks, clusters=how.mixing.clusters, seed=ask.seed)
        X = pool.vectors if not how.mixing.clusters else vectors_of(how.space, pool, ask.encoded, ask.base)
        assert X is not None
        lengths = np.array([len(row) for row in ask.encoded], dtype=np.int64)
        return blend(pool, X, tasks, lengths, ask.budget, how.mixing, k=ask.k, seed=ask.seed).kept


ARMS: dict[str, MixingArm] = {
    "mdit": MixingArm("blends across tasks and rows, the densest of every cluster (MDIT)", {}),
    "blends-only": MixingArm("MDIT without clusters: rows and blends at random", {"clusters": 0}),
    "within-task": MixingArm("MDIT with blends of rows of one task", {"among": "within"}),
}


def of_run(run: Path, ask: ArmAsk) -> Mixture:
    """Return the rows and blends that an earlier run kept and whose rows all stand in this pool, as many as the budget has.

    Raises InputError where there are none.
    """
    from cuvee.training import mixtures

    source = mixtures.read(run)
    entries = mixtures.mixture(run, source)
    place = {value: row for row, value in enumerate(ask.ground.pool.table["fingerprint"].to_pylist())}
    at = np.array([place.get(value, -1) for value in source.table["fingerprint"].to_pylist()], dtype=np.int64)
    moved = Mixture(at[entries.left], at[entries.right], entries.weight)
    stand = moved[np.flatnonzero((moved.left >= 0) & (moved.right >= 0))]
    if not len(stand):
        raise InputError(f"no row that {run} kept stands in this pool", "prove it on the pool it was made from")
    return stand[: ask.k]
