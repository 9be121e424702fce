"""The arms of a map, and the rows that each chooses of a made pool."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cuvee import rng, selectors
from cuvee.arrays import I64
from cuvee.errors import ConfigError
from cuvee.evolution.rounds import Evolution, next_rows, view
from cuvee.models.causal import Causal
from cuvee.proof import arms as proof_arms
from cuvee.proof import evolve_arm
from cuvee.proof.choosing_arms import RANDOM, own_epochs
from cuvee.proof.kinds import Arm
from cuvee.render import Encoded
from cuvee.samples.pool import Pool
from cuvee.training.settings import Training

Taught = Callable[[I64, Training], Causal]  # rows of the pool, how to train -> the base trained on them
FULL, EVOLVE = proof_arms.FULL, "evolve"


@dataclass(frozen=True, kw_only=True)
class Field:
    """What an arm may know of one pool: its rows, these as the model reads them, and how all arms train."""

    pool: Pool
    encoded: Sequence[Encoded]
    k: int
    training: Training


def parse(text: str) -> Arm:
    """Read an arm as ``cuvee prove`` does. Raises ConfigError for one that a map has no room for."""
    arm = proof_arms.parse(text)
    name = arm.label.partition(":")[0]
    if (name in proof_arms.ARMS and name not in (RANDOM, FULL, EVOLVE)) or arm.source or arm.scores:
        raise ConfigError(
            f"{text} cannot be an arm of a map", "random, full, evolve, and what `cuvee select` chooses by"
        )
    return arm


def training_of(arm: Arm, training: Training) -> Training:
    """Return how an arm trains: as all others, but for ``full:epochs=N``."""
    return own_epochs(arm.settings, training) if arm.label.startswith(FULL) else training


def chosen(arm: Arm, field: Field, seed: int, taught: Taught) -> I64:
    """Return the rows that an arm chooses, best first. taught: trains the base on some rows and returns it, for evolve."""
    name = arm.label.partition(":")[0]
    if name == FULL:
        return np.arange(len(field.pool), dtype=np.int64)
    if name == EVOLVE:
        return _evolved(arm, field, seed, taught)
    chance = rng.stream(seed, "prove", arm.label)
    method = "uniform" if name == RANDOM else _method(arm)
    own = {key: value for key, value in arm.settings.items() if key != "space"}
    space = str(arm.settings.get("space", ""))
    return selectors.choose(field.pool, field.k, method, rng=chance, space=space, **own).rows


def _method(arm: Arm) -> str:
    return ":".join(word for word in arm.label.split(":") if "=" not in word)


def _evolved(arm: Arm, field: Field, seed: int, taught: Taught) -> I64:
    """Return the rows that the base picks for itself in equal rounds, as the arm of ``cuvee prove`` does, without files."""
    how = evolve_arm.read(arm.settings)
    number = min(how.rounds, field.k - 1)
    training = replace(field.training, epochs=how.epochs, steps=None, tokens=None)
    sizes = [field.k * (done + 1) // (number + 1) for done in range(number + 1)]
    rows = selectors.choose(field.pool, sizes[0], "uniform", rng=rng.stream(seed, "evolve", "first")).rows
    for done, size in enumerate(sizes[1:]):
        model = taught(rows, training)
        plan = Evolution(model.folder, how.strategy, training, how.space, None, seed, how.over, how.unit)
        picks = next_rows(plan, view(plan, model, field.encoded), rows, size - len(rows), done)
        rows = np.concatenate([rows, picks])
    return rows
