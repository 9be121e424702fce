"""What can be tried: recipes of choosers and methods, as arms of a proof, and how likely each kind is to be drawn."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cuvee.errors import ConfigError
from cuvee.proof.arms import parse

CHOOSERS = (
    "facility-location",
    "forms",
    "stratified",
    "k-center",
    "k-means",
    "herding",
    "cluster-draw",
    "long-tail",
    "density",
)
SPACES = ("", "whiten=128", "without=length")
FIRST = ("facility-location", "forms", "k-center", "herding")  # that narrow a pool for what comes behind
PATIENCE = 50  # draws in a row that bring nothing new, until the space counts as used up
EVEN = 0.5  # share of the rows in its largest task, from which a pool counts as uneven


@dataclass(frozen=True)
class Standing:
    """Where a pool stands, as far as the search looks. rows: of the budget. goal, distilled: as asked, None without.

    tasks: how many the rows name. largest: share of the rows in the largest one, 0 to 1.
    """

    rows: int
    goal: str | None
    distilled: str | None
    tasks: int
    largest: float


Draw = Callable[[Standing, np.random.Generator], str]  # one recipe, as an arm


def prior(place: Standing) -> dict[str, float]:
    """Return kind of recipe -> its weight among draws.

    Guesses, to be set by measurements where there are some: with a goal, methods that see it count double, as there they were
    the only ones to win (docs/adapt.md); in a pool of many even tasks blends across tasks count half.
    """
    even = place.tasks > 1 and place.largest < EVEN
    return {
        "choose": 2.0,
        "interpolate": 0.5 if even else 1.0,
        "evolve": 1.0,
        "adapt": 2.0 if place.goal else 0.0,
        "chain": 1.5,
        "distilled": 2.0 if place.distilled else 0.0,
    }


def singles(place: Standing) -> list[str]:
    """Return every single method with its defaults: what a search must not do worse than."""
    goal = [f"adapt:goal={place.goal}"] if place.goal else []
    made = [place.distilled] if place.distilled else []
    return [*goal, *made, "facility-location", "forms", "k-center", "mdit", "evolve"]


def recipes(place: Standing, count: int, rng: np.random.Generator) -> list[str]:
    """Return at most ``count`` different recipes: half of them single methods with their defaults, the others drawn."""
    weights = prior(place)
    return _filled(singles(place)[: max(1, count // 2)], place, count, weights, rng)


def at_random(place: Standing, count: int, rng: np.random.Generator) -> list[str]:
    """Return at most ``count`` different recipes drawn with every possible kind alike: the search's own control."""
    weights = {kind: float(weight > 0) for kind, weight in prior(place).items()}
    return _filled([], place, count, weights, rng)


def _filled(
    first: Sequence[str], place: Standing, count: int, weights: Mapping[str, float], rng: np.random.Generator
) -> list[str]:
    names = [name for name, weight in weights.items() if weight > 0]
    shares = np.array([weights[name] for name in names])
    found, idle = dict.fromkeys(first), 0
    while len(found) < count and idle < PATIENCE:
        arm = KINDS[str(rng.choice(names, p=shares / shares.sum()))](place, rng)
        idle = idle + 1 if arm in found or not _can_be(arm) else 0
        if not idle:
            found[arm] = None
    return list(found)


def _can_be(arm: str) -> bool:
    try:
        parse(arm)
    except ConfigError:
        return False
    return True


def _one(rng: np.random.Generator, of: Sequence[str]) -> str:
    return of[int(rng.integers(len(of)))]


def _choose(place: Standing, rng: np.random.Generator) -> str:
    name, space = _one(rng, CHOOSERS), _one(rng, SPACES)
    return f"{name}:space={space}" if space else name


def _interpolate(place: Standing, rng: np.random.Generator) -> str:
    alpha = _one(rng, ("0.2", "0.5", "1", "2"))
    if rng.random() < 0.5:
        return f"mdit:alpha={alpha}:as=regulariser:weight={_one(rng, ('0.1', '0.2', '0.5'))}"
    return f"mdit:alpha={alpha}:rows={_one(rng, ('0', '0.25', '0.5'))}"


def _evolve(place: Standing, rng: np.random.Generator) -> str:
    return f"evolve:rounds={_one(rng, ('2', '4'))}:strategy={_one(rng, ('k-center', 'herding', 'entropy', 'margin'))}"


def _adapt(place: Standing, rng: np.random.Generator) -> str:
    episodes, probes = _one(rng, ("0", "4", "8")), _one(rng, ("100", "200"))
    return f"adapt:goal={place.goal}:episodes={episodes}:probes={probes}"


def _chain(place: Standing, rng: np.random.Generator) -> str:
    goes_on: list[Draw] = [_choose, _interpolate, _evolve, *([_adapt] if place.goal else [])]
    then = goes_on[int(rng.integers(len(goes_on)))](place, rng)
    return f"chain:first={_one(rng, FIRST)}:keep={_one(rng, ('2', '4', '8'))}:then={then}"


def _distilled(place: Standing, rng: np.random.Generator) -> str:
    return f"chain:first={place.distilled}:then={_choose(place, rng)}"


KINDS: dict[str, Draw] = {
    "choose": _choose,
    "interpolate": _interpolate,
    "evolve": _evolve,
    "adapt": _adapt,
    "chain": _chain,
    "distilled": _distilled,
}
