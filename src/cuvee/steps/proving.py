"""Prove: every arm is trained once per seed on the same budget and judged on the same questions; then they are compared."""

import re
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from cuvee import budget as budgets
from cuvee import names, render
from cuvee.arrays import F64, I64
from cuvee.errors import ConfigError, InputError
from cuvee.evaluation import exact, heldout
from cuvee.models import causal
from cuvee.models.causal import Causal
from cuvee.progress import say
from cuvee.proof.results import Questions
from cuvee.result import Result
from cuvee.runs import Run, Step, digest, open_run, sha256, write_json
from cuvee.samples.pool import Pool
from cuvee.steps import proved
from cuvee.steps.arms import Arm, Ask, goals_of, parse
from cuvee.steps.choosing import score
from cuvee.steps.goals import refuse_questions
from cuvee.steps.holding import HeldOut, hold_out, labels_of
from cuvee.steps.proved import Figures, Proven, Wanted
from cuvee.steps.proving_plan import plan
from cuvee.steps.reading import read_inputs
from cuvee.steps.selecting import CHOSEN_BY, Ground, prepare
from cuvee.steps.settings import Mistakes, ground_settings, listed, paths
from cuvee.training import sft

SAME = {"updates": "every arm takes the same number of optimiser steps", "epochs": "every arm sees its rows as often"}


def run_prove(*, out: Path, dry_run: bool, **typed: Any) -> Result:
    """Do what ``cuvee.verbs.prove`` says."""
    wanted = bind(typed)
    if dry_run:
        return plan(wanted, Path(out))
    with open_run(Path(out)) as run:
        return _prove(run, wanted)


def bind(typed: dict[str, Any]) -> Wanted:
    """Check everything that can be checked without reading the data. Raises ConfigError for all mistakes at once."""
    wrong, metrics = Mistakes(), listed(typed["metrics"])
    budget = wrong.check(lambda: budgets.parse(typed["budget"]))
    arms = [wrong.check(partial(parse, text)) for text in listed(typed["arms"])]
    wrong.check(lambda: names.find(SAME, typed["same"], "--same"))
    for metric in metrics:
        wrong.check(partial(names.find, proved.UNITS, metric, "--metrics"))
    wrong.check(lambda: _sensible(typed, [arm.label for arm in arms if arm]))
    training = wrong.check(
        lambda: sft.Training(
            epochs=typed["epochs"], lr=typed["lr"], batch=typed["batch"], max_length=typed["max_length"],
            lora=typed["lora"] or None,
        )
    )  # fmt: skip
    held_out = wrong.check(lambda: budgets.parse(typed["held_out"]))
    on = paths(typed["on"])
    base = wrong.check(lambda: causal.folder_of(typed["model"]))
    wrong.stop()
    guarded = [*paths(typed["decontaminate"]), *on, *goals_of(arms)]  # no arm may learn from a goal's rows
    ground = ground_settings(**{**typed, "method": "uniform", "decontaminate": guarded})
    seeds = tuple(range(typed["seed"], typed["seed"] + typed["seeds"]))
    return Wanted(ground, arms, budget, seeds, base, training, held_out, on, metrics, dict(typed))


def _sensible(typed: dict[str, Any], labels: list[str]) -> None:
    if len(set(labels)) < len(labels):
        raise ConfigError("an arm is named twice", "name each once; `random,uniform` are two draws of the same kind")
    if typed["reference"] not in labels:
        raise ConfigError(f"the reference {typed['reference']!r} is not an arm", "add it to --arms, or name another")
    if typed["seeds"] < 1:
        raise ConfigError(f"seeds is {typed['seeds']}", "give at least 1; 3 or more to know what chance does")
    if not listed(typed["metrics"]):
        raise ConfigError("--metrics names none", "write loss, exact_match, or both with a comma")
    if not 0.5 <= typed["level"] < 1:
        raise ConfigError(f"level is {typed['level']}", "give a number from 0.5 to below 1, such as 0.95")


@dataclass(frozen=True)
class Field:
    """What all arms share. encoded: token ids of every row of the pool; held: of the questions, with their ids and tasks.
    asked: those of them that the model answers, where that is wanted."""

    ground: Ground
    encoded: list[render.Encoded]
    held: list[render.Encoded]
    ids: list[str]
    tasks: list[str]
    asked: exact.Asked | None
    notes: list[str]


def _prove(run: Run, wanted: Wanted) -> Result:
    field = _field(run, wanted)
    k = _rows(field.ground, wanted.budget)
    training = _training(wanted, k)
    version = causal.version_of(wanted.base)
    depends = {
        "ground": field.ground.fingerprint, "held": digest([encoded.ids for encoded in field.held]), "base": version,
        "training": sft.described(training), "budget": wanted.budget.__dict__, "k": k,
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


def _field(run: Run, wanted: Wanted) -> Field:
    """Read, clean, embed, hold out and render; rows without an answer that counts are left out, and counted."""
    ground = prepare(run, wanted.ground)
    if wanted.on:
        held = _given(run, wanted)
    else:
        ground, held = hold_out(ground, wanted.held_out, seed=wanted.ground.seed)
    if goals := goals_of(wanted.arms):
        refuse_questions(goals, held.rows, wanted.ground.rules.contamination)
    ground = _scored(run, ground, wanted)
    tokenizer, longest = causal.tokenizer_of(wanted.base), wanted.training.max_length
    encoded = render.encode_all(ground.pool.table["messages"].to_pylist(), tokenizer, max_length=longest)
    empty = [row for row, one in enumerate(encoded) if not one.answer[1:].any()]
    scores = ground.pool.scores
    ground = ground.without([(row, "prove", f"no answer within {longest} tokens", None) for row in empty])
    if empty:
        stand = np.setdiff1d(np.arange(len(encoded)), empty)
        ground = replace(ground, pool=ground.pool.with_scores(**{name: x[stand] for name, x in scores.items()}))
    if len(empty) == len(encoded):
        raise InputError(f"no row has an answer within {longest} tokens", "raise --max-length")
    tests = render.encode_all(held.rows["messages"].to_pylist(), tokenizer, max_length=longest, side="left")
    asked = [at for at, one in enumerate(tests) if one.answer[1:].any()]
    if not asked:
        raise InputError("nothing is held out to judge the arms on", "raise --held-out, or name files with --on")
    kept = [one for one in encoded if one.answer[1:].any()]
    ids = held.rows["id"].to_pylist()
    cut = sum(one.cut > 0 for one in kept)
    notes = [f"{cut:,} rows are longer than {longest} tokens and lose their end"] if cut else []
    if len(asked) < len(tests):
        notes.append(f"{len(tests) - len(asked):,} held-out rows have no answer within {longest} tokens")
    questions = [tests[at] for at in asked]
    talks = held.rows["messages"].take(pa.array(asked)).to_pylist()
    return Field(
        ground, kept, questions, [ids[at] for at in asked], [held.labels[at] for at in asked],
        _answered(wanted, talks, questions, tokenizer), notes,
    )  # fmt: skip


def _answered(
    wanted: Wanted, talks: list[render.Messages], held: list[render.Encoded], tokenizer: Any
) -> exact.Asked | None:
    """Return the questions for exact_match. Raises InputError where too few have a short answer."""
    if "exact_match" not in wanted.metrics:
        return None
    asked = exact.ask(talks, held, tokenizer, wanted.typed["max_new_tokens"])
    if len(asked.rows) < 2:
        raise InputError(
            f"{len(asked.rows)} of {len(held):,} questions have an answer of at most {wanted.typed['max_new_tokens']} tokens",
            "raise --max-new-tokens, or judge by --metrics loss",
        )
    return asked


def _given(run: Run, wanted: Wanted) -> HeldOut:
    """Return the rows of the evaluation files; the pool's rows that hold one of them have left in cleaning."""
    source = read_inputs(run, wanted.on, columns={}, dialect=None, strict=True)
    rows = source.table.select(CHOSEN_BY)
    return HeldOut(rows, labels_of(Pool(rows)))


def _scored(run: Run, ground: Ground, wanted: Wanted) -> Ground:
    """Return the ground with the scores that the arms choose by; a score by a language model is that of the base."""
    scores = sorted({name for arm in wanted.arms for name in arm.scores})
    if not scores:
        return ground
    pool, scored = score(run, ground.pool, scores, ground.fingerprint, wanted.ground.asked)
    return replace(ground, pool=pool, fingerprint=digest([ground.fingerprint, scored.fingerprint]))


def _rows(ground: Ground, budget: budgets.Budget) -> int:
    """Return the rows of the budget, about as many where it is in tokens."""
    n = len(ground.pool)
    k = round(budget.amount / max(1.0, float(ground.tokens.mean()))) if budget.kind == "tokens" else budget.rows(n)
    return min(max(1, k), n)


def _training(wanted: Wanted, k: int) -> sft.Training:
    """Return the settings of every arm: as many updates as --epochs over the budget need, or --epochs of its own rows."""
    training = replace(wanted.training, batch=min(wanted.training.batch, k))
    if wanted.typed["same"] == "epochs":
        return training
    return replace(training, epochs=None, steps=training.updates(k, 0.0))


def _one(
    run: Run, wanted: Wanted, field: Field, arm: Arm, seed: int, k: int, training: sft.Training, depends: dict[str, Any]
) -> Step:
    """Make one arm with one seed: its rows, its model, and what that loses on every question. The weights are not kept."""

    def make(folder: Path) -> None:
        ask = Ask(
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


def _model(arm: Arm, ask: Ask, folder: Path) -> tuple[Causal, Figures, I64]:
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


def _taught(arm: Arm, ask: Ask, fresh: Causal, folder: Path) -> tuple[sft.Trained, I64, Figures]:
    """Train on the arm's rows, or on its rows and blends: whose rows are then all that stand in them, in order of first use."""
    training = arm.kind.training(ask.settings, ask.training) if arm.kind.training else ask.training
    if arm.kind.mixture is None:
        assert arm.kind.rows is not None
        rows = arm.kind.rows(ask)
        own = arm.kind.own(ask) if arm.kind.own else []
        taught = sft.train(fresh, [*own, *(ask.encoded[row] for row in rows)], training, folder, seed=ask.seed)
        return taught, rows, {"rows": len(rows) + len(own)}
    from cuvee.mixing.training import train

    entries = arm.kind.mixture(ask)
    rows = entries.rows()
    encoded = [ask.encoded[row] for row in rows]
    taught = train(fresh, encoded, entries.renumbered(rows), training, folder, seed=ask.seed)
    return taught, rows, {"rows": len(entries), "blends": int((~entries.real).sum())}


def _forget(folder: Path) -> None:
    """Remove weights that are read no more: arms times seeds of a large model would fill the disk."""
    import shutil

    for name in ("model", "method"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _read(folder: Path, seed: int, metrics: list[str]) -> proved.Trial:
    values: dict[str, F64] = {metric: np.load(folder / f"{metric}.npy") for metric in metrics}
    rows: I64 = np.load(folder / "rows.npy")
    figures: Figures = orjson.loads((folder / "figures.json").read_bytes())
    return proved.Trial(seed, values, rows, figures)


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
