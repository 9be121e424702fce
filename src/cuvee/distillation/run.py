"""Distill: rate, part, cluster the weak rows, let the distiller write one row per cluster, rate again, rank, merge, publish."""

from collections.abc import Sequence
from pathlib import Path

from cuvee.distillation.asked import DistillAsk, DistillOptions, bind
from cuvee.distillation.by_judge import OVERALL
from cuvee.distillation.clusters import clustered, never_asked
from cuvee.distillation.fates import Aside, Draft, NewRow, drafts, judged
from cuvee.distillation.merge import Distilled
from cuvee.distillation.published import publish
from cuvee.distillation.rate import again, rated, used
from cuvee.distillation.raters import ByJudge
from cuvee.distillation.ratings import Ratings, partition, turns_of
from cuvee.distillation.write import written
from cuvee.intake import judge as judging
from cuvee.intake.before import Before
from cuvee.intake.ground import prepare
from cuvee.intake.plan import expect
from cuvee.models.speed import ModelWork
from cuvee.progress import say
from cuvee.result import Result
from cuvee.runs import Claim, Run, digest, open_run


def run_distill(options: DistillOptions, *, out: Path, dry_run: bool, replace: bool) -> Result:
    """Do what ``cuvee.verbs.distill.distill`` says."""
    ask = bind(options)
    if dry_run:
        return _plan(ask, Path(out))
    with open_run(Path(out), Claim("distill", ask.typed, replace)) as run:
        return _distill(run, ask)


def _distill(run: Run, ask: DistillAsk) -> Result:
    ground = prepare(run, ask.pool, Before(ask.publishing.holds))
    turns = turns_of(ground.pool)
    with rated(run, ground, turns, ask.rater) as ratings:
        parts = partition(ratings.values, ask.good)
        counts = f"{len(parts.weak):,} rows below {ask.good:g}, {len(parts.good):,} from it on"
        say(f"split     {counts}, {len(parts.unrated):,} without a rating")
        clusters = clustered(run, ask, ground, parts.weak)
        made, step = written(run, ask, ground.fingerprint, turns, clusters)
        fates = _judged(made, ratings, ask.good)
        spent = used(ratings)
    done = Distilled(
        ask=ask,
        ground=ground,
        ratings=ratings.values,
        parts=parts,
        fates=fates,
        left=never_asked(parts.weak, clusters),
        notes=ratings.notes,
        used=spent,
    )
    marks = [one.rating for one in fates]
    return publish(run, done, digest([step.fingerprint, ratings.fingerprint, marks]))


def _judged(made: Sequence[Draft | Aside], ratings: Ratings, good: float) -> list[NewRow | Aside]:
    """Return what became of every cluster once the new rows are rated."""
    marks = iter(again(ratings, drafts(made)))
    return [judged(one, next(marks), good) if isinstance(one, Draft) else one for one in made]


def _plan(ask: DistillAsk, out: Path) -> Result:
    """Say what would be done, and how much would be written."""
    expected, group = expect(ask.pool), ask.grouping
    size = group.mean or min(group.smallest + 1, (group.smallest + group.largest) / 2)
    most = min(group.at_most or expected.rows, round(expected.rows / size))
    work = ModelWork(read=expected.tokens, written=most * ask.sampling.max_new_tokens)
    more: dict[str, object] = {"tokens": work.tokens}
    if isinstance(ask.rater, ByJudge):
        more["judge"] = judging.plan(ask.rater.judging, [OVERALL], expected.rows + most, expected.size)
    steps = [
        "read",
        "clean",
        f"embed by {expected.embedder}",
        f"rate by {ask.rater.way}",
        f"split at {ask.good:g}",
        f"cluster the weak rows, {group.smallest} to {group.largest} in each",
        f"write at most {most:,} rows of at most {ask.sampling.max_new_tokens:,} tokens with {ask.model}",
        "rate the new rows, rank them by rarity, merge them with the best original rows",
        f"publish to {out}",
    ]
    return expected.result(out, steps, seconds=expected.seconds + work.seconds(ask.base), **more)
