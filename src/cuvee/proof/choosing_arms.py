"""Arms that are a selector's choice, or no choice at all."""

from dataclasses import replace

import numpy as np

from cuvee import rng, selectors
from cuvee.arrays import I64
from cuvee.proof.kinds import ArmAsk, ArmSettings
from cuvee.proof.settings import positive
from cuvee.training.settings import Training

RANDOM = "random"


def at_random(ask: ArmAsk) -> I64:
    """Return rows drawn with the same chance."""
    return selected("uniform", RANDOM, ask)


def selected(method: str, label: str, ask: ArmAsk) -> I64:
    """Return the rows that a selector chooses; chance is named by the arm, so that two arms never draw alike."""
    chance, pool = rng.stream(ask.seed, "prove", label), ask.ground.pool
    own = {name: value for name, value in ask.settings.items() if name != "space"}
    space = str(ask.settings.get("space", ""))
    if ask.budget.kind == "tokens":
        amount = int(ask.budget.amount)
        return selectors.by_tokens(pool, ask.ground.tokens, amount, method, rng=chance, space=space, **own).rows
    return selectors.choose(pool, ask.k, method, rng=chance, space=space, **own).rows


def whole_pool(ask: ArmAsk) -> I64:
    """Return all rows."""
    return np.arange(len(ask.ground.pool), dtype=np.int64)


def epochs_of(settings: ArmSettings) -> float | None:
    """Return the passes that an arm takes over its own rows, None where it takes as many updates as all others.

    Raises ConfigError for a number that cannot be.
    """
    return positive(settings, "epochs", 3) if "epochs" in settings else None


def own_epochs(settings: ArmSettings, training: Training) -> Training:
    """Return the training with the arm's own epochs in place of the updates of all arms, where it has them."""
    epochs = epochs_of(settings)
    return training if epochs is None else replace(training, epochs=epochs, steps=None)
