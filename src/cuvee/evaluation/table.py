"""The table of an evaluation: one row per question, one column per measure; null where a measure has no meaning."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cuvee.evaluation import answers as texts
from cuvee.evaluation.programs import ProgramVerdict
from cuvee.evaluation.question import Question


@dataclass(frozen=True)
class Measure:
    """what: one line. higher_is_better: the direction."""

    what: str
    higher_is_better: bool


MEASURES = {
    "loss": Measure("negative log-likelihood of the right answer, nats per token", False),
    "exact_match": Measure("the answer, or what it says after its last 'answer is' or '####', is the right text", True),
    "number_match": Measure("the number that the answer arrives at is the right one", True),
    "accuracy": Measure("the likeliest option is the right one", True),
    "accuracy_norm": Measure("the option that is likeliest per character is the right one", True),
    "passed": Measure("the function passes its tests", True),
}

TABLE = pa.schema(
    [
        ("task", pa.string()),
        ("id", pa.string()),  # unique within its task
        ("kind", pa.string()),  # see question.KINDS
        ("prompt", pa.string()),  # hash of what was asked: equal for all models
        ("tokens", pa.int64()),  # of the right answer, end mark included; what ``loss`` is the mean of
        *((name, pa.float64()) for name in MEASURES),
        ("cut", pa.int64()),  # tokens of the prompt that did not fit
        ("answer", pa.string()),  # what the model wrote, or the option that it found likeliest
        ("ended", pa.bool_()),  # whether the answer came to its end mark
        ("right", pa.string()),
        ("note", pa.string()),  # why a program failed
    ]
)


@dataclass(frozen=True)
class MeasureReading:
    """Of one answer that was read: its negative log-likelihood in nats (None without a token), its tokens, tokens cut."""

    total: float | None
    tokens: int
    cut: int


@dataclass(frozen=True)
class Answer:
    """What a model wrote: text, its tokens, whether it came to an end, and the tokens of the prompt that were cut."""

    text: str
    tokens: int
    ended: bool
    cut: int


def table(
    questions: Sequence[Question],
    readings: Sequence[Sequence[MeasureReading]],
    answers: Mapping[int, Answer],
    verdicts: Mapping[int, ProgramVerdict],
) -> pa.Table:
    """Return the table of ``TABLE``. answers, verdicts: by row number; what is missing there is null."""
    rows = [_row(question, readings[at], answers.get(at), verdicts.get(at)) for at, question in enumerate(questions)]
    return pa.Table.from_pylist(rows, TABLE)


def _row(
    question: Question, read: Sequence[MeasureReading], answer: Answer | None, verdict: ProgramVerdict | None
) -> dict[str, object]:
    row: dict[str, object] = {
        "task": question.task,
        "id": question.id,
        "kind": question.kind,
        "prompt": question.prompt,
    }
    right = _right(question, read)
    if right is not None and right.total is not None and right.tokens:
        row |= {"tokens": right.tokens, "loss": right.total / right.tokens}
    row["cut"] = max([one.cut for one in read] + ([answer.cut] if answer else []), default=0)
    row["right"] = question.right
    if question.kind == "choice":
        row.update(_chosen(question, read))
    if answer is not None:
        row |= {"answer": answer.text, "ended": answer.ended, **judged(question, answer.text)}
    if verdict is not None:
        row |= {"passed": float(verdict.passed), "note": verdict.reason}
    return row


def _right(question: Question, read: Sequence[MeasureReading]) -> MeasureReading | None:
    return read[question.gold or 0] if read else None


def _chosen(question: Question, read: Sequence[MeasureReading]) -> dict[str, float | str]:
    """Return the likeliest option, by its sum of log-likelihoods with the end mark, and by that sum per character."""
    sums = [one.total for one in read]
    if None in sums:
        return {}
    totals = np.array(sums, dtype=np.float64)
    lengths = np.array([max(1, len(option)) for option in question.options])
    best, best_norm = int(totals.argmin()), int((totals / lengths).argmin())
    hit, hit_norm = float(best == question.gold), float(best_norm == question.gold)
    return {"accuracy": hit, "accuracy_norm": hit_norm, "answer": question.options[best]}


def judged(question: Question, answer: str) -> dict[str, float]:
    """Return the measures that compare an answer with the right one: of kinds "match" and "number", else none."""
    if question.right is None:
        return {}
    if question.kind == "match":
        return {"exact_match": float(texts.exact(answer, question.right))}
    if question.kind == "number":
        wanted = texts.number(question.right)
        return {
            "exact_match": float(texts.exact_final(answer, question.right)),
            "number_match": float(wanted is not None and texts.number(answer) == wanted),
        }
    return {}
