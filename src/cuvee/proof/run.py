"""Prove: every arm is trained once per seed on the same budget and judged on the same questions; then they are compared."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from cuvee import budget as budgets
from cuvee.arrays import F64, I64
from cuvee.evaluation import exact, heldout
from cuvee.intake.ground import Ground
from cuvee.models import causal
from cuvee.models.causal import Causal
from cuvee.progress import say
from cuvee.proof import published as proved
from cuvee.proof.ask import Arm, ArmAsk
from cuvee.proof.asked import ProofAsk, bind
from cuvee.proof.field import ProofField, _field
from cuvee.proof.plan import plan
from cuvee.proof.told import Figures, Proven, Trial
from cuvee.result import Result
from cuvee.runs import Run, Step, digest, open_run, sha256, write_json
from cuvee.statistics.results import Questions
from cuvee.training import sft
from cuvee.training.settings import Training, described


def run_prove(*, out: Path, dry_run: bool, **typed: Any) -> Result:
    """Do what ``cuvee.verbs.prove`` says."""
    wanted = bind(typed)
    if dry_run:
        return plan(wanted, Path(out))
    with open_run(Path(out)) as run:
        return _prove(run, wanted)


def _prove(run: Run, wanted: ProofAsk) -> Result:
    field = _field(run, wanted)
    k = _rows(field.ground, wanted.budget)
    training = _training(wanted, k)
    version = causal.version_of(wanted.base)
    depends = {
        "ground": field.ground.fingerprint, "held": digest([encoded.ids for encoded in field.held]), "base": version,
        "training": described(training), "budget": wanted.budget.__dict__, "k": k,
        **({"answers": field.asked.sampling.max_new_tokens} if field.asked else {}),
    }  # fmt: skip
    work = [(arm, seed) for seed in wanted.seeds for arm in wanted.arms if arm.kind.chance or seed == wanted.seeds[0]]
    clock = _Clock(len(work), Questions.of(field.tasks))
    steps: dict[tuple[str, int], Step] = {}
    for arm, seed in work:
        steps[arm.label, seed] = step = _one(run, wanted, field, arm, seed, k, training, depends)
        clock.tell(arm, seed, step)
    results = {
        arm.label: [
            _read(steps[arm.label, seed].path, seed, wanted.metrics)
            for seed in wanted.seeds
            if (arm.label, seed) in steps
        ]
        for arm in wanted.arms
    }
    done = Proven(wanted, field.ground, field.ids, field.tasks, results, training, version, field.notes)
    return proved.finish(run, done)


def _rows(ground: Ground, budget: budgets.Budget) -> int:
    """Return the rows of the budget, about as many where it is in tokens."""
    n = len(ground.pool)
    k = round(budget.amount / max(1.0, float(ground.tokens.mean()))) if budget.kind == "tokens" else budget.rows(n)
    return min(max(1, k), n)


def _training(wanted: ProofAsk, k: int) -> Training:
    """Return the settings of every arm: as many updates as --epochs over the budget need, or --epochs of its own rows."""
    training = replace(wanted.training, batch=min(wanted.training.batch, k))
    if wanted.typed["same"] == "epochs":
        return training
    return replace(training, epochs=None, steps=training.updates(k, 0.0))


def _one(
    run: Run,
    wanted: ProofAsk,
    field: ProofField,
    arm: Arm,
    seed: int,
    k: int,
    training: Training,
    depends: dict[str, Any],
) -> Step:
    """Make one arm with one seed: its rows, its model, and what that loses on every question. The weights are not kept."""

    def make(folder: Path) -> None:
        ask = ArmAsk(
            field.ground, field.encoded, wanted.budget, k, seed, arm.settings, wanted.base, training, folder / "method"
        )
        model, figures, rows = _model(arm, ask, folder / "model")
        np.save(folder / "loss.npy", heldout.losses(model, field.held, label="judging").mean)
        if field.asked:
            np.save(folder / "exact_match.npy", exact.matches(model, field.asked))
        np.save(folder / "rows.npy", rows)
        write_json(folder / "figures.json", figures)
        _forget(folder)

    source = [sha256(path) for path in _told_by(arm.source)] if arm.source else None
    own = {"arm": arm.label, "seed": seed if arm.kind.chance else None, "source": source}
    return run.step(f"arm-{_slug(arm.label)}-{seed}", {**depends, **own}, make, resumable=True)


def _told_by(source: Path) -> list[Path]:
    """Return the files of an earlier run that say what it kept."""
    return [path for name in ("ledger.parquet", "blends.parquet") if (path := source / name).is_file()]


def _model(arm: Arm, ask: ArmAsk, folder: Path) -> tuple[Causal, Figures, I64]:
    """Return the arm's model, what its training took, and the rows that it saw."""
    if arm.kind.model is not None:
        made = arm.kind.model(ask)
        return made.model, {"rows": len(made.rows), "updates": made.updates, "tokens": made.tokens}, made.rows
    fresh = causal.load(ask.base)
    if arm.kind.rows is None and arm.kind.mixture is None:
        return fresh, {"rows": 0, "updates": 0, "tokens": 0}, np.empty(0, dtype=np.int64)
    if ask.training.lora is not None:
        fresh = causal.with_lora(fresh, rank=ask.training.lora, seed=ask.seed)
    trained, rows, more = _taught(arm, ask, fresh, folder)
    loss = trained.curve[-1]["loss"] if trained.curve else None
    figures = {"updates": trained.steps, "tokens": trained.tokens, "train loss": loss, **more}
    return trained.model, figures, rows


def _taught(arm: Arm, ask: ArmAsk, fresh: Causal, folder: Path) -> tuple[sft.Trained, I64, Figures]:
    """Train on the arm's rows, or on its rows and blends: whose rows are then all that stand in them, in order of first use."""
    training = arm.kind.training(ask.settings, ask.training) if arm.kind.training else ask.training
    if arm.kind.mixture is None:
        assert arm.kind.rows is not None
        rows = arm.kind.rows(ask)
        own = arm.kind.own(ask) if arm.kind.own else []
        taught = sft.train(fresh, [*own, *(ask.encoded[row] for row in rows)], training, folder, seed=ask.seed)
        return taught, rows, {"rows": len(rows) + len(own)}
    from cuvee.training.mixed import MixedRows, train

    entries = arm.kind.mixture(ask)
    rows = entries.rows()
    mixed = MixedRows(entries.renumbered(rows), [ask.encoded[row] for row in rows])
    taught = train(fresh, mixed, training, folder, seed=ask.seed)
    return taught, rows, {"rows": len(entries), "blends": int((~entries.real).sum())}


def _forget(folder: Path) -> None:
    """Remove weights that are read no more: arms times seeds of a large model would fill the disk."""
    import shutil

    for name in ("model", "method"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _read(folder: Path, seed: int, metrics: list[str]) -> Trial:
    values: dict[str, F64] = {metric: np.load(folder / f"{metric}.npy") for metric in metrics}
    rows: I64 = np.load(folder / "rows.npy")
    figures: Figures = orjson.loads((folder / "figures.json").read_bytes())
    return Trial(seed, values, rows, figures)


def _slug(label: str) -> str:
    return re.sub(r"[^A-Za-z0-9.=-]+", "_", label)[:60]


class _Clock:
    """Says after each training how far the proof is and how long it will take."""

    def __init__(self, total: int, asked: Questions) -> None:
        self.total, self.asked, self.done, self.seconds, self.timed = total, asked, 0, 0.0, 0

    def tell(self, arm: Arm, seed: int, step: Step) -> None:
        """Count one finished step."""
        self.done += 1
        if arm.kind.chance:
            self.seconds, self.timed = self.seconds + step.seconds, self.timed + 1
        if step.reused:
            return
        loss = float(self.asked.means(np.load(step.path / "loss.npy")).mean())
        which = f"{arm.label}, seed {seed}" if arm.kind.chance else arm.label
        left = (self.total - self.done) * self.seconds / max(1, self.timed)
        ahead = f"; about {_duration(left)} left" if self.done < self.total and self.timed else ""
        say(f"{self.done}/{self.total}  {which}: held-out loss {loss:.4f}, {step.seconds:.1f} s{ahead}")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"
