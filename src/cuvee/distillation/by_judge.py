"""Rate by a chat model, as LM-Mixup does."""

import numpy as np

from cuvee.distillation.raters import KIND
from cuvee.distillation.ratings import JudgeSession, Ratings
from cuvee.distiller import strong
from cuvee.distiller.bayes import compressed
from cuvee.distiller.kinds import KINDS, Turns
from cuvee.intake import judge as judging
from cuvee.intake.ground import Ground
from cuvee.intake.score import ScoreModel, score
from cuvee.runs import Run

OVERALL = "judge-mixup-overall"


def by_judge(run: Run, ground: Ground, session: JudgeSession) -> Ratings:
    """Ask the judge about every row; the price is told before anything is asked."""
    judge = session.judge
    judging.announce(judge, ground.pool, [OVERALL], session.judging)
    pool, step = score(run, ground, [OVERALL], ScoreModel(), judge)
    raw = pool.scores[OVERALL].astype(np.float64)
    values = np.array([np.nan if np.isnan(value) else compressed(float(value)) for value in raw])
    return Ratings(values, step.fingerprint, judge.counts[OVERALL].notes(OVERALL), session)


def asked_again(session: JudgeSession, rows: list[Turns]) -> list[float | None]:
    """Return the ratings of new rows, 0 to 5; None where the judge gave none."""
    talks = [strong.rating(KIND, KINDS[KIND].write(*row)) for row in rows]
    replies = session.judge.chat.ask(talks, label="rating new rows")
    return [None if reply is None else strong.overall(reply.text) for reply in replies]
