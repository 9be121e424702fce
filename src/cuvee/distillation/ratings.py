"""Ratings: what every row of a pool is worth, 0 to 5, and what rates new rows in the same way."""

from dataclasses import dataclass, replace

import numpy as np

from cuvee import render
from cuvee.arrays import F64, I64
from cuvee.distillation.by_agreement import Agreement
from cuvee.distillation.correction import corrected
from cuvee.distiller.bayes import Library
from cuvee.distiller.kinds import Turns
from cuvee.intake.ground import Ground
from cuvee.intake.judge import Judging
from cuvee.runs import digest
from cuvee.samples.pool import Pool
from cuvee.scorers.judge import Judge


@dataclass(frozen=True)
class JudgeSession:
    """An open session with a judge, and whom it asks."""

    judge: Judge
    judging: Judging


@dataclass(frozen=True)
class Ratings:
    """values: (n,) 0 to 5, NaN where a row could not be rated. by: what rates new rows. notes: what to know of them."""

    values: F64
    fingerprint: str
    notes: list[str]
    by: Library | Agreement | JudgeSession


@dataclass(frozen=True)
class Partition:
    """The rows of a pool: those rated below good, those from it on, those without a rating; each ascending."""

    weak: I64
    good: I64
    unrated: I64


def turns_of(pool: Pool) -> list[Turns | None]:
    """Return question and answer of every row; None where it has no answer."""
    talks = pool.table["messages"].to_pylist()
    pairs = [(render.prompt(talk), render.response(talk)) for talk in talks]
    return [
        (question, answer) if question.strip() and answer and answer.strip() else None for question, answer in pairs
    ]


def put_right(ground: Ground, rated: Ratings) -> Ratings:
    """Return the ratings after the rater's errors, told from neighbours that disagree, were taken out (DS2)."""
    values, T = corrected(np.asarray(ground.pool.vectors), rated.values)
    sure = ", ".join(f"{at}: {share:.0%}" for at, share in enumerate(np.diag(T)))
    note = f"ratings are corrected by their neighbours; how often the rater is right, by class: {sure}"
    return replace(rated, values=values, fingerprint=digest([rated.fingerprint, values]), notes=[*rated.notes, note])


def partition(values: F64, good: float) -> Partition:
    """Part the rows at a rating: from ``good`` on a row is good."""
    known = np.isfinite(values)
    return Partition(_where(known & (values < good)), _where(known & (values >= good)), _where(~known))


def _where(mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> I64:
    return np.flatnonzero(mask).astype(np.int64)
