"""The learning rate of each arm: its best of a few, by trainings and questions that the verdict does not use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cuvee import rng
from cuvee.arrays import Bool
from cuvee.errors import InputError
from cuvee.proof.clock import Clock
from cuvee.proof.kinds import Arm
from cuvee.proof.trial import Terms, attempt, read
from cuvee.runs import Run
from cuvee.statistics.results import Questions

SEEDS = 2  # trainings per arm and rate
APART = 1_000_000  # their seeds are this far from those of the verdict, which may grow
SHARE = 0.25  # of the questions


@dataclass(frozen=True)
class Rates:
    """What was tried. losses: arm -> rate -> its mean loss. questions: (q,) those that it was judged on, no verdict is."""

    losses: Mapping[str, Mapping[float, float]]
    questions: Bool

    def of(self, arm: str) -> float | None:
        """Return the best rate of an arm, the lowest of equals; None where none was tried."""
        tried = self.losses.get(arm)
        return min(sorted(tried), key=lambda rate: tried[rate]) if tried else None

    def doubts(self) -> list[str]:
        """Return a line on every arm whose best rate lies at an end of what was tried."""
        return [
            f"{arm}: its best rate {best:g} is the {'highest' if best == max(tried) else 'lowest'} that was tried"
            for arm, tried in self.losses.items()
            if len(tried) > 1 and (best := self.of(arm)) in (min(tried), max(tried))
        ]


def none(questions: int) -> Rates:
    """Return that nothing was tried: every arm has the one rate, and every question is the verdict's."""
    return Rates({}, np.zeros(questions, dtype=bool))


def apart(tasks: Sequence[str], together: Sequence[str], *, seed: int) -> Bool:
    """Return (q,) the questions that rates are chosen by: about a quarter of every task, whole groups only.

    Raises InputError where fewer than two can be spared.
    """
    names, codes, sizes = np.unique(
        np.asarray(tasks, dtype=object).astype(str), return_inverse=True, return_counts=True
    )
    room = np.where(sizes >= 3, np.maximum(1, np.round(SHARE * sizes)), 0).astype(np.int64)
    groups: dict[str, list[int]] = {}
    for at, name in enumerate(together):
        groups.setdefault(name, []).append(at)
    chosen = np.zeros(len(tasks), dtype=bool)
    listed = list(groups.values())
    for number in rng.stream(seed, "prove", "rates").permutation(len(listed)).tolist():
        takes = np.bincount(codes[listed[number]], minlength=len(names))
        if (takes <= room).all():
            room -= takes
            chosen[listed[number]] = True
    if chosen.sum() < 2:
        raise InputError("too few questions to choose learning rates by some and judge by others", "raise --held-out")
    return chosen


def tried(run: Run, terms: Terms, rates: Sequence[float], clock: Clock) -> Rates:
    """Train every arm at every rate and return how it did; nothing is trained for arms that are not."""
    field = terms.field
    questions = apart(field.tasks, field.together, seed=terms.ask.pool.seed)
    asked = Questions.of([task for task, here in zip(field.tasks, questions, strict=True) if here])

    def loss(arm: Arm, rate: float) -> float:
        found = []
        for seed in (terms.ask.pool.seed + APART + number for number in range(SEEDS)):
            step = attempt(run, terms.at(rate), arm, seed)
            clock.tick(arm, seed, step)
            found.append(asked.means(read(step.path, seed, ["loss"]).values["loss"][questions]).mean())
        return float(np.mean(found))

    arms = [arm for arm in terms.ask.arms if arm.kind.chance]
    return Rates({arm.label: {rate: loss(arm, rate) for rate in rates} for arm in arms}, questions)
