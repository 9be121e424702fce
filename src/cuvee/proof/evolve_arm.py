"""DiverseEvol as an arm of a proof: the model picks its own next rows."""

from dataclasses import dataclass, replace

from cuvee import names, rng, selectors
from cuvee.arrays import I64
from cuvee.evolution.space import space_of
from cuvee.evolution.strategies import STRATEGIES, Strategy
from cuvee.proof.kinds import ArmAsk, ArmSettings
from cuvee.proof.settings import positive, whole
from cuvee.selectors.space import Space

SETTINGS = ("rounds", "strategy", "whiten", "space", "epochs")


@dataclass(frozen=True)
class RoundSettings:
    """How an arm evolves. space: what becomes of hidden vectors. epochs: of each round."""

    rounds: int
    strategy: Strategy
    space: Space
    epochs: float


def read(given: ArmSettings) -> RoundSettings:
    """Return how the arm evolves. Raises ConfigError for a setting that cannot be."""
    return RoundSettings(
        max(1, int(positive(given, "rounds", 4))),
        names.find(STRATEGIES, str(given.get("strategy", "k-center")), "strategy"),
        space_of(str(given.get("space", "")), whole(given, "whiten", 0)),
        positive(given, "epochs", 3),
    )


def evolved(ask: ArmAsk) -> I64:
    """Return the rows that the base picks for itself; each round trains on what it has so far, ``epochs`` times."""
    from cuvee.evolution.rounds import Evolution, rounds

    how = read(ask.settings)
    number = min(how.rounds, ask.k - 1)
    training = replace(ask.training, epochs=how.epochs, steps=None)
    plan = Evolution(ask.base, how.strategy, training, how.space, None, ask.seed)
    sizes = [ask.k * (done + 1) // (number + 1) for done in range(number + 1)]
    first = selectors.choose(ask.ground.pool, sizes[0], "uniform", rng=rng.stream(ask.seed, "evolve", "first")).rows
    return rounds(plan, ask.encoded, first, sizes, ask.folder)
