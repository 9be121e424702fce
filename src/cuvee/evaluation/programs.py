"""Functions that a model wrote, run against their tests in the sandbox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cuvee.evaluation import sandbox
from cuvee.evaluation.answers import code
from cuvee.evaluation.journal import Journal
from cuvee.evaluation.question import STUB, Program, Question
from cuvee.progress import bar

MOST = 65_536  # characters of an answer that are taken for code


class WrittenText(Protocol):
    """What a model wrote."""

    @property
    def text(self) -> str:
        """The answer."""
        ...


@dataclass(frozen=True)
class ProgramVerdict:
    """Whether a program passed its tests, and why not."""

    passed: bool
    reason: str


def judge(
    questions: Sequence[Question],
    answers: Mapping[int, WrittenText],
    limits: sandbox.Limits,
    journal: Journal | None = None,
) -> dict[int, ProgramVerdict]:
    """Return by row number whether the written functions pass. Raises ConfigError where this machine cannot fence them."""
    rows = [row for row, question in enumerate(questions) if question.program is not None and row in answers]
    kept = journal or Journal(None)
    if rows:
        sandbox.check()
    open_rows = [row for row in rows if row not in kept.done]
    with bar("running code", len(rows), unit="programs", done=len(rows) - len(open_rows)) as advance:
        for row in open_rows:
            ran = tested(questions[row], answers[row].text, limits)
            kept.add(row, [ran.passed, ran.reason])
            advance(1)
    return {row: ProgramVerdict(*kept.done[row]) for row in rows}


def tested(question: Question, answer: str, limits: sandbox.Limits) -> sandbox.Ran:
    """Return how an answer to a question of kind "code" fares against its tests."""
    asked = question.program
    assert asked is not None
    return sandbox.run(program(asked, answer), asked.tests, limits, entry=asked.entry, prelude=asked.prelude)


def program(asked: Program, answer: str) -> str:
    """Return the program that is tested: the prompt's own imports and helpers, then the answer's code.

    An answer that goes on where the prompt stopped, instead of writing the function again, is joined to it.
    """
    written = code(answer)[:MOST]
    if written.startswith((" ", "\t")):
        return f"{asked.prelude.removesuffix(STUB)}{written}\n"
    return f"{asked.prelude}{written}\n"
