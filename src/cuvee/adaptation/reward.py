"""What a policy is paid by: minus the goal's loss, or another measure of ``evaluation``, on a part of the goal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cuvee import names, progress
from cuvee.errors import ConfigError, InputError
from cuvee.evaluation import evaluating
from cuvee.evaluation.question import GENERATED, Question
from cuvee.evaluation.table import MEASURES
from cuvee.models import forward
from cuvee.models.causal import Causal
from cuvee.models.generation import Sampling
from cuvee.render import Encoded

if TYPE_CHECKING:
    from torch import nn

LOSS = "loss"
KINDS = {
    "exact_match": ("match", "number"),
    "number_match": ("number",),
    "accuracy": ("choice",),
    "accuracy_norm": ("choice",),
    "passed": ("code",),
}
"""The kinds of question that a measure judges; the loss judges all rows that have an answer."""


@dataclass(frozen=True)
class Part:
    """A part of the goal. rows: as a model reads them, for the loss. questions: what it is asked, for any other measure."""

    rows: list[Encoded]
    questions: list[Question]

    def __len__(self) -> int:
        return len(self.rows) + len(self.questions)


@dataclass(frozen=True)
class Reward:
    """measure: a name of ``evaluation.table.MEASURES``. max_new_tokens: of an answer that the model writes."""

    measure: str = LOSS
    max_new_tokens: int = 64

    def __post_init__(self) -> None:
        """Raise ConfigError for a measure that there is not, and for no tokens."""
        names.find(MEASURES, self.measure, "reward")
        if self.max_new_tokens < 1:
            raise ConfigError(f"max-new-tokens is {self.max_new_tokens}", "give 1 or more")

    @property
    def sign(self) -> float:
        """Return 1 where higher is better, else -1."""
        return 1.0 if MEASURES[self.measure].higher_is_better else -1.0

    @property
    def writes(self) -> bool:
        """Return whether the model writes answers for it: else it reads those that are there."""
        return any(kind in GENERATED for kind in KINDS.get(self.measure, ()))

    @property
    def unit(self) -> str:
        """Return what a value is, for people."""
        return "nats per answer token" if self.measure == LOSS else f"mean {self.measure.replace('_', ' ')}, 0 to 1"

    def judges(self, question: Question) -> Question | None:
        """Return the question as this measure puts it, None where it cannot judge it.

        An instruction row is put as a question whose right answer is the row's own.
        """
        put = question.put()
        if put is not question and self.measure == "number_match":
            put = replace(put, kind="number")
        return put if put.kind in KINDS[self.measure] else None

    def value(self, causal: Causal, part: Part) -> float:
        """Return the mean over a part of the goal: nats per answer token, or a share from 0 to 1.

        Raises InputError where the measure has no value on any of its questions.
        """
        with progress.quiet():
            if self.measure == LOSS:
                return float(np.mean(forward.passes(causal, part.rows).mean_loss))
            table = evaluating.evaluate(causal, part.questions, self._settings(part.questions))
        values = table[self.measure].drop_null().to_numpy()
        if not len(values):
            raise InputError(f"no question of the goal can be judged by {self.measure}", "choose another --reward")
        return float(values.mean())

    def performance(self, causal: Causal, part: Part) -> Callable[["nn.Module"], float]:
        """Return P: a model while it is trained -> how good it is on this part; higher is better."""
        return lambda model: self.sign * self.value(replace(causal, model=model), part)

    def _settings(self, questions: Sequence[Question]) -> evaluating.EvaluationSettings:
        written = any(question.kind in GENERATED for question in questions)
        return evaluating.EvaluationSettings(
            sampling=Sampling(max_new_tokens=self.max_new_tokens),
            loss_only=not written,
            run_code=self.measure == "passed",
        )
