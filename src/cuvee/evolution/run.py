"""Evolve: rounds of train, read, pick; each round is one resumable step, its curve and the final model are published."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import orjson

from cuvee import disk
from cuvee.arrays import I64
from cuvee.evaluation import heldout
from cuvee.evolution.asked import EvolveAsk, EvolveOptions, bind
from cuvee.evolution.field import RoundField, first_rows, round_field
from cuvee.evolution.figures import RoundFigures, best_of, exhausted, of_round
from cuvee.evolution.published import Evolved, story
from cuvee.evolution.rounds import next_rows, taught, view
from cuvee.intake.plan import expect
from cuvee.models import causal
from cuvee.models.speed import ModelWork
from cuvee.progress import say
from cuvee.publication.finish import finish
from cuvee.result import Result
from cuvee.runs import Claim, Run, Step, digest, open_run, write_json
from cuvee.training.settings import described


def run_evolve(options: EvolveOptions, *, out: Path, dry_run: bool, replace: bool) -> Result:
    """Do what ``cuvee.verbs.evolve`` says."""
    ask = bind(options)
    if dry_run:
        return _plan(ask, Path(out))
    with open_run(Path(out), Claim("evolve", ask.typed, replace)) as run:
        return _evolve(run, ask)


@dataclass(frozen=True)
class _Evolving:
    """An evolution at work. depends: what decides every round, beside the rows that it trains on."""

    run: Run
    ask: EvolveAsk
    field: RoundField
    depends: Mapping[str, object]


def _evolve(run: Run, ask: EvolveAsk) -> Result:
    field = round_field(run, ask)
    work = _Evolving(run, ask, field, _depends(ask, field))
    chosen, figures, last = first_rows(field.ground, ask), list[RoundFigures](), len(ask.sizes) - 1
    for number in range(len(ask.sizes)):
        step = _round(work, chosen, number)
        figures.append(_read(step))
        if number == last or exhausted(figures, ask.patience):
            break
        chosen = np.concatenate([chosen, np.load(step.path / "picks.npy")])
    early = len(figures) <= last
    best = best_of(figures) if early else last
    chosen = chosen[: figures[best]["rows"]]
    final = _final(work, chosen) if early else run.steps[-1]
    return finish(run, story(Evolved(ask, field, chosen, figures, best, final)))


def _depends(ask: EvolveAsk, field: RoundField) -> dict[str, object]:
    plan = ask.plan
    own = {
        "strategy": plan.strategy.name,
        "space": asdict(plan.space),
        "training": described(plan.training),
        "seed": plan.seed,
    }
    return {"ground": field.ground.fingerprint, "base": causal.version_of(plan.base), "plan": own}


def _round(work: _Evolving, chosen: I64, number: int) -> Step:
    """Train on the chosen rows, judge the model, and let it pick the next rows; its weights are not kept."""
    ask, field, last = work.ask, work.field, number + 1 == len(work.ask.sizes)
    more = 0 if last else ask.sizes[number + 1] - ask.sizes[number]

    def make(folder: Path) -> None:
        say(f"round {number}: training on {len(chosen):,} rows")
        trained = taught(ask.plan, field.rows, chosen, folder / "model")
        losses = heldout.losses(trained.model, field.held.rows, label="judging").mean
        if more:
            values = view(ask.plan, trained.model, field.rows)
            disk.save_array(folder / "picks.npy", next_rows(ask.plan, values, chosen, more, number))
        if not last:
            disk.remove_folder(folder / "model")  # read no more: ten rounds of a large model would fill the disk
        write_json(folder / "figures.json", of_round(number, len(chosen), trained, losses, field.tasks))

    depends = {**work.depends, "rows": digest(chosen), "more": more}
    return work.run.step(f"round-{number}", depends, make, resumable=True)


def _read(step: Step) -> RoundFigures:
    """Return the figures of a round, and say them where the round was made now."""
    figures: RoundFigures = orjson.loads((step.path / "figures.json").read_bytes())
    if not step.reused:
        size = f"{figures['rows']:,} rows, {figures['steps']} steps"
        loss = f"held-out loss {figures['held-out loss']:.4f}"
        say(f"round {figures['round']}: {size}, {loss}, {step.seconds:.1f} s")
    return figures


def _final(work: _Evolving, chosen: I64) -> Step:
    """Train once more on the set of the best round, whose weights were not kept."""
    say(f"the gain is gone: the final model is that of the best round, on {len(chosen):,} rows")

    def make(folder: Path) -> None:
        taught(work.ask.plan, work.field.rows, chosen, folder / "model")

    return work.run.step("final", {**work.depends, "rows": digest(chosen)}, make, resumable=True)


def _plan(ask: EvolveAsk, out: Path) -> Result:
    """Say what would be done: the rows that each round trains on, and what the model would read."""
    expected, sizes = expect(ask.pool), ask.sizes
    training, picks = ask.plan.training, len(sizes) - 1
    held, length = ask.held_out.rows(expected.rows), expected.length(training.max_length)
    rows = sum(training.updates(n, length) * min(training.batch, n) for n in sizes)
    reads = picks if ask.plan.strategy.reads != "nothing" else 0
    work = ModelWork(
        trained=rows * length, read=(expected.rows * reads + held * len(sizes)) * length, loads=2 * len(sizes)
    )
    steps = [
        "read",
        "clean",
        f"hold out {ask.typed['held_out']}: about {held:,} rows",
        f"train {len(sizes)} times, on {sizes[0]:,} to {sizes[-1]:,} rows: {rows:,.0f} rows in all",
        f"read the pool {reads} times with the model: about {expected.rows * reads:,} rows",
        f"publish to {out}",
    ]
    return expected.result(out, steps, seconds=expected.seconds + work.seconds(ask.plan.base), tokens=work.tokens)
