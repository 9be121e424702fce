"""The three rewards of LM-Mixup (arXiv 2510.20449), each a plain function into [0, 1] of one reply alone.

quality: the tier of the answer's expected rating. alignment: whether the answer says what the weak texts say together, and
nothing else (``content.merit``), or whether it means what the reference means, as published.
format: half for the blocks, half for the kind's own form. A reply without an answer is worth 0 in the first two: there is
nothing to judge. A reward that cannot be computed is an error that names the row, never a number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cuvee.arrays import F32
from cuvee.distiller import bayes, kinds, parse
from cuvee.distiller.bayes import Library
from cuvee.distiller.content import merit
from cuvee.distiller.examples import Example
from cuvee.errors import ConfigError, CuveeError

NAMES = ("quality", "alignment", "format")
ALIKE = 0.8
CONTENT, REFERENCE = "content", "reference"
ALIGNED = {
    CONTENT: "coverage of the weak texts' content, without invention and repetition",
    REFERENCE: "cosine to the reference answer, as published",
}


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


LONG, SHORT = Weights(), Weights(0.8, 0.0, 0.2)
PUBLISHED: Mapping[str, Weights] = {"qa": LONG, "mcq": SHORT, "tfq": SHORT, "cs": LONG, "para": SHORT}
"""Kind -> what its rewards count in the published code: no alignment where one good answer says little of another."""


@dataclass(frozen=True)
class Weighing:
    """What each reward counts for a text of each kind: what is named, for all kinds; None as published.

    doubted: kinds whose ratings tell good from weak hardly better than a coin. What quality would count there, unless it was
    named, counts for alignment.
    """

    quality: float | None = None
    alignment: float | None = None
    format: float | None = None
    doubted: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Raise ConfigError for weights that cannot be."""
        self.by_kind()

    def of(self, kind: str) -> Weights:
        """Return what counts for texts of a kind."""
        usual = PUBLISHED[kind]
        quality = usual.quality if self.quality is None else self.quality
        alignment = usual.alignment if self.alignment is None else self.alignment
        form = usual.format if self.format is None else self.format
        if self.quality is None and kind in self.doubted:
            quality, alignment = 0.0, alignment + quality
        return Weights(quality, alignment, form)

    def by_kind(self) -> dict[str, Weights]:
        """Return kind -> what counts."""
        return {kind: self.of(kind) for kind in PUBLISHED}

    @property
    def used(self) -> list[str]:
        """Names of the rewards that count for some kind."""
        return [name for name in NAMES if any(getattr(weights, name) for weights in self.by_kind().values())]


@dataclass
class Rewards:
    """The rewards of replies to an example's prompt, over one library.

    by: what alignment is told by, one of ``ALIGNED``. threshold: cosine from which an answer counts as aligned with its
    reference.
    """

    library: Library
    weights: Weighing = field(default_factory=Weighing)
    threshold: float = ALIKE
    by: str = CONTENT
    _known: dict[str, F32] = field(default_factory=dict, repr=False)

    def part(self, name: str, case: Example, reply: str) -> float:
        """Return one reward of one reply, 0 to 1. Raises CuveeError, with the row's name, where it has none."""
        try:
            if name == "format":
                return form(case.kind, reply)
            answer = parse.answer_of(reply)
            if not answer:
                return 0.0
            if name == "quality":
                return quality(self._number(self.library.rate(case.kind, answer)))
            return self._aligned(case, answer)
        except CuveeError as wrong:
            raise CuveeError(
                f"the {name} reward of row {case.id} cannot be computed: {wrong.message}", wrong.hint
            ) from wrong

    def parts(self, case: Example, reply: str) -> dict[str, float]:
        """Return every reward that counts for the case's kind, by name."""
        return {name: self.part(name, case, reply) for name in self.weights.of(case.kind).used}

    def total(self, kind: str, parts: Mapping[str, float]) -> float:
        """Return the weighted sum of rewards; a part that does not count for the kind is left out."""
        weights = self.weights.of(kind)
        return float(sum(getattr(weights, name) * parts[name] for name in weights.used))

    def _aligned(self, case: Example, answer: str) -> float:
        if self.by == CONTENT:
            return merit(answer, case.variants, case.answer).worth
        cosine = self._number(float(self.library.vector(answer) @ self._reference(case.answer)))
        return alignment(cosine, threshold=self.threshold)

    def _reference(self, text: str) -> F32:
        if text not in self._known:
            self._known[text] = self.library.vector(text)
        return self._known[text]

    def _number(self, value: float) -> float:
        if not np.isfinite(value):
            raise CuveeError("it is not a number", "look at the library and at the row's text")
        return value


def judge(rewards: Rewards, cases: Sequence[Example], replies: Sequence[str]) -> list[dict[str, float]]:
    """Return the parts and the total of many replies, each computed alone."""
    found = []
    for case, reply in zip(cases, replies, strict=True):
        parts = rewards.parts(case, reply)
        found.append({**parts, "total": rewards.total(case.kind, parts)})
    return found
