"""Alternate: prepare the ground, take rows in turn, finish."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from cuvee import disk
from cuvee.alternation.asked import AlternateAsk, AlternateOptions, bind
from cuvee.alternation.turns import in_turn
from cuvee.intake.ground import Ground, prepare
from cuvee.intake.plan import expect
from cuvee.publication.finish import finish
from cuvee.publication.ledger import Outcome
from cuvee.publication.story import Asked, Story
from cuvee.result import Result
from cuvee.runs import Run, Step, open_run
from cuvee.samples.pool import Selection


def run_alternate(options: AlternateOptions, *, out: Path, dry_run: bool) -> Result:
    """Do what ``cuvee.verbs.alternate`` says."""
    ask = bind(options)
    if dry_run:
        expected = expect(ask.pool)
        steps = ["read", "clean", f"take {options.budget} in turn", f"publish to {out}"]
        return expected.result(Path(out), steps, seconds=expected.seconds)
    with open_run(Path(out)) as run:
        return _alternate(run, ask)


def _alternate(run: Run, ask: AlternateAsk) -> Result:
    ground = prepare(run, ask.pool)
    k = ask.budget.rows(len(ground.pool))
    step = _taken(run, ground, k)
    rows = np.load(step.path / "rows.npy")
    none = np.full(len(rows), np.nan, dtype=np.float32)
    selection = Selection(rows, none, ["the next row of its source"])
    story = Story(
        asked=_asked(ask, k),
        ground=ground,
        outcome=Outcome(ground.source, ground.table, ground.alive, ground.pool, selection),
        depends=[ground.fingerprint, step.fingerprint],
        next=_next,
        given=ask.pool.given,
    )
    return finish(run, story)


def _taken(run: Run, ground: Ground, k: int) -> Step:
    def make(folder: Path) -> None:
        disk.save_array(folder / "rows.npy", in_turn(ground.pool, k))

    return run.step("alternate", {"ground": ground.fingerprint, "k": k}, make)


def _asked(ask: AlternateAsk, k: int) -> Asked:
    return Asked(
        verb="alternate",
        typed=ask.typed,
        publishing=ask.publishing,
        seed=ask.pool.seed,
        method="alternate",
        budget=str(ask.typed["budget"]),
        rows=k,
    )


def _next(folder: Path, ledger: pa.Table) -> str:
    return f"cuvee why {folder} {ledger['id'][0].as_py()}"
