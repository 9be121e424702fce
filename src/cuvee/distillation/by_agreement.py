"""Rate by agreement: how much of what near rows say to the same question a row says itself. No rated text is needed for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cuvee import disk
from cuvee.arrays import F64, I64
from cuvee.distillation.raters import ByAgreement
from cuvee.distiller.content import content, merit
from cuvee.distiller.kinds import Turns
from cuvee.geometry.neighbours import neighbours
from cuvee.intake.ground import Ground
from cuvee.progress import say
from cuvee.runs import Run, Step

NEAREST = 8  # rows that are looked at beside each
SAME = 0.5  # Jaccard of two questions' content words from which they ask the same; their numbers must be equal besides
MOST = 5.0  # the highest rating


@dataclass(frozen=True)
class Agreement:
    """What rates new rows: the questions and answers of the pool."""

    turns: Sequence[Turns | None]

    def again(self, rows: I64, new: Turns) -> float:
        """Return the rating of a row made of these rows: what it covers of them, without what it invents or says twice."""
        return MOST * merit(new[1], [pair[1] for row in rows.tolist() if (pair := self.turns[row])]).worth


def agreement(run: Run, ground: Ground, turns: Sequence[Turns | None]) -> tuple[F64, Step]:
    """Return (n,) ratings, 0 to 5, NaN for a row without an answer, and their step.

    5 times the share of the content of all answers near a row, its own among them, that its own has. A row that nothing near
    asks the same as says all that is said: it is rated 5. So this finds rows that others complete, and no other weak ones.
    """

    def make(folder: Path) -> None:
        near, _ = neighbours(np.asarray(ground.pool.vectors), NEAREST)
        disk.save_array(folder / "ratings.npy", rated(turns, near))

    step = run.step("rate", {"ground": ground.fingerprint, "way": [ByAgreement.way, NEAREST, SAME]}, make)
    values: F64 = np.load(step.path / "ratings.npy")
    if not step.reused:
        say(
            f"rated     {int(np.isfinite(values).sum()):,} of {len(values):,} rows by agreement in {step.seconds:.1f} s"
        )
    return values, step


def rated(turns: Sequence[Turns | None], near: I64) -> F64:
    """Return (n,) ratings as ``agreement`` says. near: (n, k) numbers of each row's nearest rows, -1 for none."""
    questions = [content(pair[0]) if pair else frozenset[str]() for pair in turns]
    answers = [content(pair[1]) if pair else frozenset[str]() for pair in turns]
    values = np.full(len(turns), np.nan)
    for row, pair in enumerate(turns):
        if pair:
            beside = [at for at in near[row].tolist() if at >= 0 and turns[at] and alike(questions[row], questions[at])]
            said = answers[row].union(*(answers[at] for at in beside))
            values[row] = MOST * len(answers[row]) / len(said) if said else MOST
    return values


def alike(left: frozenset[str], right: frozenset[str]) -> bool:
    """Tell whether two questions, by their content words, ask the same."""
    if _numbers(left) != _numbers(right):
        return False
    return len(left & right) >= SAME * len(left | right)


def _numbers(words: frozenset[str]) -> set[str]:
    return {word for word in words if word[0].isdigit()}
