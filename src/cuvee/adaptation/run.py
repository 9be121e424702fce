"""Adapt: learn the policy, train the final model, publish."""

from pathlib import Path

from cuvee.adaptation.asked import AdaptAsk, AdaptOptions, bind
from cuvee.intake.before import Before
from cuvee.intake.ground import prepare
from cuvee.intake.plan import expect
from cuvee.models.needs import need
from cuvee.models.speed import ModelWork
from cuvee.publication.finish import finish
from cuvee.result import Result
from cuvee.runs import Claim, Run, open_run


def run_adapt(options: AdaptOptions, *, out: Path, dry_run: bool, replace: bool) -> Result:
    """Do what ``cuvee.verbs.adapt`` says."""
    need("torch", "transformers", "accelerate", "safetensors", purpose="cuvee adapt")
    ask = bind(options)
    if dry_run:
        return _plan(ask, Path(out))
    with open_run(Path(out), Claim("adapt", ask.typed, replace)) as run:
        return _adapt(run, ask)


def _adapt(run: Run, ask: AdaptAsk) -> Result:
    from cuvee.adaptation.account import Adapted
    from cuvee.adaptation.episodes import learnt
    from cuvee.adaptation.field import prepared_from
    from cuvee.adaptation.published import story

    field = prepared_from(run, ask.learn, prepare(run, ask.pool, Before(ask.publishing.holds)))
    return finish(run, story(run, Adapted(ask, field, learnt(run, ask.learn, field))))


def _plan(ask: AdaptAsk, out: Path) -> Result:
    """Say what would be done: how many trainings, steps and readings of the goal."""
    expected, learn = expect(ask.pool), ask.learn
    rows, batch = expected.rows, learn.training.batch
    steps, final = learn.training.steps or 0, learn.final.steps or 0
    episodes = f"{learn.episodes} episodes of {steps:,} steps x {batch} rows, each on {learn.subset.rows(rows):,} rows"
    looks = f"up to {learn.goal.rows} rows of the goal {-(-steps // learn.every):,} times in each"
    length, written = expected.length(learn.training.max_length), 0
    taught = (learn.episodes * steps + final) * batch
    judged = learn.goal.rows * (learn.episodes * -(-steps // learn.every) + 1)
    if learn.goal.reward.writes:
        judged, written = 0, judged * learn.goal.reward.max_new_tokens
    work = ModelWork(
        trained=taught * length, read=(3 * rows + judged) * length, written=written, loads=learn.episodes + 2
    )
    told = [
        "read, clean, and drop what stands in the goal",
        f"read {rows:,} rows three times with the auxiliary model, as far as the store lacks them",
        f"train {episodes}, and look at {looks}",
        f"train the final model: {final:,} steps x {batch} rows of the whole pool",
        f"publish to {out}",
    ]
    return expected.result(out, told, seconds=expected.seconds + work.seconds(learn.base), tokens=work.tokens)
