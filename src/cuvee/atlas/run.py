"""Regimes: every arm on pools of every kind, trial by trial; a stopped run goes on, and what is new only is made."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import orjson

from cuvee.atlas.arms import Field
from cuvee.atlas.asked import RegimesAsk, RegimesOptions, bind
from cuvee.atlas.making import made
from cuvee.atlas.published import published
from cuvee.atlas.regime import Kind, Regime
from cuvee.atlas.stock import Stock, stock_of
from cuvee.atlas.trial import Ready, TriedFigures, Workbench, attempt, ready
from cuvee.embedders import resolve
from cuvee.intake.plan import foreseen
from cuvee.intake.read import Source, read_inputs
from cuvee.models import causal
from cuvee.models.speed import ModelWork
from cuvee.progress import bar, quiet, say
from cuvee.proof import beforehand
from cuvee.proof.choosing_arms import RANDOM
from cuvee.proof.kinds import Arm
from cuvee.result import Result
from cuvee.runs import Claim, Run, open_run, write_json

DRAWS_APART = 100_000  # between the seeds of two draws on one pool: fewer pools than that are made of a kind
TOKENS = 90  # of a short row, about: for the plan


def run_regimes(options: RegimesOptions, *, out: Path, dry_run: bool, replace: bool) -> Result:
    """Do what ``cuvee.verbs.regimes`` says."""
    ask = bind(options)
    if dry_run:
        return _plan(ask, Path(out))
    with open_run(Path(out), Claim("regimes", ask.typed, replace)) as run:
        if ask.plan and ask.primary:
            beforehand.keep_to(ask.plan, {"primary": str(ask.primary), "settings": ask.typed}, run)
        source = read_inputs(run, ask.read)
        return published(run, ask, source.files, _trials(run, ask, source))


@dataclass
class _Work:
    """What is made when a trial is missing, and not before: a run that is done opens no model."""

    ask: RegimesAsk
    source: Source

    @cached_property
    def stock(self) -> Stock:
        return stock_of(self.source.table, self.ask.longest, self.ask.half)

    @cached_property
    def bench(self) -> Workbench:
        return Workbench.of(str(self.ask.base), resolve(self.ask.embedder)[0], self.ask.max_length)


@dataclass(frozen=True)
class _Trial:
    """An arm at a budget; draw: which one, of an arm that is drawn several times on a pool."""

    arm: Arm
    per_task: float
    draw: int


@dataclass
class _Pool:
    """A pool of one kind and seed, made when it is first needed."""

    work: _Work
    kind: Kind
    seed: int

    @cached_property
    def ready(self) -> Ready:
        work = self.work
        return ready(work.bench, work.stock, made(work.stock, self.kind, work.ask.size, self.seed))

    def attempt(self, one: _Trial) -> TriedFigures:
        """Make one trial."""
        here, ask = self.ready, self.work.ask
        k = Regime(self.kind, one.per_task).budget(ask.size.tasks)
        mean = sum(map(len, here.encoded)) / len(here.encoded)
        field = Field(pool=here.pool, encoded=here.encoded, k=k, training=ask.training(k, mean))
        with quiet():
            return attempt(self.work.bench, here, one.arm, field, self.seed + one.draw * DRAWS_APART)


Found = dict[Regime, dict[str, list[list[TriedFigures]]]]  # regime -> arm -> for every seed, its trainings


def _trials(run: Run, ask: RegimesAsk, source: Source) -> Found:
    """Make all trials, every regime once before any has a second seed: what is there early is a whole map, if a coarse one."""
    work, common = _Work(ask, source), _common(ask, source)
    found: Found = {regime: {arm.label: [] for arm in ask.arms} for regime in ask.regimes}
    total = len(ask.regimes) * len(ask.seeds) * (len(ask.arms) - 1 + ask.randoms)
    with bar("trials", total, unit="trials") as advance:
        for seed in ask.seeds:
            for kind in ask.kinds:
                pool = _Pool(work, kind, seed)
                for rows in ask.per_task:
                    for arm in ask.arms:
                        draws = range(ask.randoms if arm.label == RANDOM else 1)
                        tried = [_one(run, pool, _Trial(arm, rows, draw), common) for draw in draws]
                        found[Regime(kind, rows)][arm.label].append(tried)
                        advance(len(draws))
            say(f"tried     every regime on {seed - ask.seed + 1} of {len(ask.seeds)} pools each")
    return found


def _one(run: Run, pool: _Pool, one: _Trial, common: Mapping[str, object]) -> TriedFigures:
    def make(folder: Path) -> None:
        write_json(folder / "trial.json", pool.attempt(one))

    regime = Regime(pool.kind, one.per_task).name
    own = {"regime": regime, "seed": pool.seed, "draw": one.draw, "arm": one.arm.label}
    step = run.step("arm", {**common, **own}, make)
    figures: TriedFigures = orjson.loads((step.path / "trial.json").read_bytes())
    return figures


def _common(ask: RegimesAsk, source: Source) -> dict[str, object]:
    """Return what decides every trial, JSON-able."""
    return {
        "rows": source.fingerprint,
        "stock": [ask.longest, ask.half],
        "size": vars(ask.size),
        "base": causal.version_of(ask.base),
        "embedder": resolve(ask.embedder)[0].version if not resolve(ask.embedder)[0].fitted else ask.embedder,
        "training": [ask.epochs, ask.least, ask.most, ask.lr, ask.batch, ask.max_length, ask.same],
    }


def _plan(ask: RegimesAsk, out: Path) -> Result:
    """Say what would be done, and about how long it takes."""
    expected = foreseen(ask.read.data)
    trials = len(ask.seeds) * (len(ask.arms) - 1 + ask.randoms)
    trained = sum(ask.training(r.budget(ask.size.tasks), TOKENS).updates(10**9, TOKENS) for r in ask.regimes)
    questions = ask.size.questions * (ask.size.tasks + ask.size.unseen)
    tokens = trials * TOKENS * (trained * ask.batch + questions * len(ask.regimes))
    work = ModelWork(trained=trials * TOKENS * trained * ask.batch, read=trials * TOKENS * questions * len(ask.regimes))
    steps = [
        "read",
        f"make {len(ask.seeds) * len(ask.kinds):,} pools of {ask.size.rows:,} rows of {ask.size.tasks} tasks, each of its own",
        f"{trials * len(ask.regimes):,} trials: {len(ask.regimes)} regimes, {len(ask.arms)} arms, {len(ask.seeds)} seeds",
        f"publish to {out}",
    ]
    return expected.result(out, steps, seconds=expected.seconds + work.seconds(ask.base), tokens=tokens)
