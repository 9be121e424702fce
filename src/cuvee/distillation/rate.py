"""Rate: what every row of a pool is worth, 0 to 5, in the way that was asked for; and what new rows are worth."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cuvee.distillation.by_agreement import Agreement, agreement
from cuvee.distillation.by_column import by_column
from cuvee.distillation.by_judge import asked_again, by_judge
from cuvee.distillation.by_library import by_library
from cuvee.distillation.fates import Draft
from cuvee.distillation.raters import KIND, ByAgreement, ByColumn, ByLibrary, Rater
from cuvee.distillation.ratings import JudgeSession, Ratings, put_right
from cuvee.distiller import bayes
from cuvee.distiller.bayes import Library
from cuvee.distiller.kinds import KINDS, Turns
from cuvee.intake import judge as judging
from cuvee.intake.ground import Ground
from cuvee.runs import Run


@contextmanager
def rated(run: Run, ground: Ground, turns: list[Turns | None], rater: Rater) -> Iterator[Ratings]:
    """Yield the ratings of every row of the ground; while they are open, new rows can be rated ``again``.

    turns: question and answer of every row. Raises InputError where a column is missing from all rows.
    """
    if isinstance(rater, ByLibrary):
        yield by_library(run, ground, turns, bayes.load(rater.folder))
    elif isinstance(rater, ByAgreement):
        values, step = agreement(run, ground, turns)
        notes = [f"{rater.why}: rows are rated by what near rows say to the same question"] if rater.why else []
        yield Ratings(values, step.fingerprint, notes, Agreement(turns))
    elif isinstance(rater, ByColumn):
        found = by_column(ground, turns, rater)
        yield put_right(ground, found) if rater.correct else found
    else:
        with judging.session(rater.judging) as judge:
            found = by_judge(run, ground, JudgeSession(judge, rater.judging))
            yield put_right(ground, found) if rater.correct else found


def again(ratings: Ratings, made: Sequence[Draft]) -> list[float | None]:
    """Return the ratings of drafts of new rows, 0 to 5, by what rated the old ones; None where one could not be rated."""
    by, rows = ratings.by, [draft.row for draft in made]
    if isinstance(by, Agreement):
        return [by.again(draft.rows, draft.row) for draft in made]
    if isinstance(by, Library):
        return [by.rate(KIND, KINDS[KIND].write(*row)) for row in rows]
    return asked_again(by, rows)


def used(ratings: Ratings) -> dict[str, object] | None:
    """Return what the manifest says of the judge; None where none was asked."""
    by = ratings.by
    return None if isinstance(by, Library | Agreement) else judging.used(by.judge, by.judging)
