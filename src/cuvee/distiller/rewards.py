"""The three rewards of LM-Mixup (arXiv 2510.20449), each a plain function into [0, 1] of one reply alone.

quality: the tier of the answer's expected rating. alignment: whether the answer means what the reference means.
format: half for the blocks, half for the kind's own form. A reply without an answer is worth 0 in the first two: there is
nothing to judge. A reward that cannot be computed is an error that names the row, never a number.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cuvee.arrays import F32
from cuvee.distiller import bayes, kinds, parse
from cuvee.distiller.bayes import Library
from cuvee.errors import ConfigError, CuveeError

NAMES = ("quality", "alignment", "format")
ALIKE = 0.8


def quality(expected: float) -> float:
    """Return the reward of an expected rating: 1 from 4, 0.3 from 3, else 0."""
    return bayes.tier(expected)


def alignment(cosine: float, *, threshold: float = ALIKE) -> float:
    """Return 1 where the cosine to the reference is at least the threshold, else 0."""
    return 1.0 if cosine >= threshold else 0.0


def form(kind: str, reply: str) -> float:
    """Return 0.5 for exactly one think block followed by one answer block, and 0.5 for the kind's form inside the answer."""
    answer = parse.answer_of(reply)
    return 0.5 * parse.ordered(reply) + 0.5 * (answer is not None and kinds.find(kind).fits(answer))


@dataclass(frozen=True)
class Weights:
    """What each reward counts; 0 means that it is neither counted nor computed."""

    quality: float = 0.5
    alignment: float = 0.4
    format: float = 0.1

    def __post_init__(self) -> None:
        """Raise ConfigError for weights that cannot be."""
        if min(vars(self).values()) < 0 or not any(vars(self).values()):
            raise ConfigError(f"weights {vars(self)} cannot be", "give numbers from 0, one of them above")

    @property
    def used(self) -> list[str]:
        """Names of the rewards that count."""
        return [name for name in NAMES if getattr(self, name)]


@dataclass
class Rewards:
    """The rewards over one library. threshold: cosine from which an answer counts as aligned."""

    library: Library
    weights: Weights = field(default_factory=Weights)
    threshold: float = ALIKE
    _known: dict[str, F32] = field(default_factory=dict, repr=False)

    def part(self, name: str, kind: str, reply: str, reference: str, row: str) -> float:
        """Return one reward of one reply, 0 to 1. row: its name. Raises CuveeError, with the name, where it has none."""
        try:
            if name == "format":
                return form(kind, reply)
            answer = parse.answer_of(reply)
            if not answer:
                return 0.0
            if name == "quality":
                return quality(self._number(self.library.rate(kind, answer)))
            return alignment(
                self._number(float(self.library.vector(answer) @ self._reference(reference))), threshold=self.threshold
            )
        except CuveeError as wrong:
            raise CuveeError(
                f"the {name} reward of row {row} cannot be computed: {wrong.message}", wrong.hint
            ) from wrong

    def parts(self, kind: str, reply: str, reference: str, row: str) -> dict[str, float]:
        """Return every reward that counts, by name."""
        return {name: self.part(name, kind, reply, reference, row) for name in self.weights.used}

    def total(self, parts: dict[str, float]) -> float:
        """Return the weighted sum of rewards."""
        return float(sum(getattr(self.weights, name) * value for name, value in parts.items()))

    def _reference(self, text: str) -> F32:
        if text not in self._known:
            self._known[text] = self.library.vector(text)
        return self._known[text]

    def _number(self, value: float) -> float:
        if not np.isfinite(value):
            raise CuveeError("it is not a number", "look at the library and at the row's text")
        return value


def judge(
    rewards: Rewards, kinds_: Sequence[str], replies: Sequence[str], references: Sequence[str], rows: Sequence[str]
) -> list[dict[str, float]]:
    """Return the parts and the total of many replies, each computed alone."""
    found = []
    for kind, reply, reference, row in zip(kinds_, replies, references, rows, strict=True):
        parts = rewards.parts(kind, reply, reference, row)
        found.append({**parts, "total": rewards.total(parts)})
    return found
