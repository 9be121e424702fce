"""Successive halving over recipes (Jamieson, Talwalkar 2016): many get one training, the better ones further ones."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

ETA = 3  # of so many recipes one goes on

Losses = Mapping[str, Sequence[float]]  # recipe -> its mean loss on the search's questions, one per seed


@dataclass(frozen=True)
class Rung:
    """recipes: how many are trained once more. seed: which training of theirs it is, 0 the first."""

    recipes: int
    seed: int


@dataclass(frozen=True)
class Tried:
    """A finished halving. losses: recipe -> one per training that it was given. order: recipes, best first: who got further
    stands first, then the lower mean. failed: recipe -> why it could not be tried.
    """

    losses: Losses
    order: list[str]
    failed: dict[str, str]

    @property
    def winner(self) -> str:
        """The best recipe."""
        return self.order[0]


def schedule(trials: int) -> list[Rung]:
    """Return the rungs that take at most so many trainings together; the first is as wide as they allow.

    The last rung has two recipes, so that there is something to choose between. What is left over widens the later rungs, then
    trains the last two again.
    """
    widths = next(found for first in range(trials, 1, -1) if sum(found := _widths(first)) <= trials)
    left = trials - sum(widths)
    while left and (at := next((at for at in range(1, len(widths)) if widths[at] < widths[at - 1]), None)):
        widths[at], left = widths[at] + 1, left - 1
    widths += [min(2, widths[-1])] * (left // 2)
    return [Rung(width, at) for at, width in enumerate(widths)]


def _widths(first: int) -> list[int]:
    widths = [first]
    while widths[-1] > 2:
        widths.append(max(2, ceil(widths[-1] / ETA)))
    return widths


def halve(recipes: Sequence[str], rungs: Sequence[Rung], train: Callable[[str, int], float | str]) -> Tried:
    """Try recipes rung by rung. train: recipe and number of its training -> mean loss, or why it cannot be tried.

    The survivors of a rung are those with the lowest mean over all trainings so far; ties go to the recipe named first.
    """
    losses: dict[str, list[float]] = {recipe: [] for recipe in recipes}
    failed: dict[str, str] = {}
    standing = list(recipes)
    for rung in rungs:
        standing = standing[: rung.recipes]
        for recipe in standing:
            found = train(recipe, rung.seed)
            if isinstance(found, str):
                failed[recipe] = found
            else:
                losses[recipe].append(found)
        standing = sorted((one for one in standing if one not in failed), key=lambda one: _mean(losses[one]))
    tried = [recipe for recipe in recipes if losses[recipe] and recipe not in failed]
    order = sorted(tried, key=lambda one: (-len(losses[one]), _mean(losses[one])))
    return Tried(losses, order, failed)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
