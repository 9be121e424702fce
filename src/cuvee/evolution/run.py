"""Evolve: rounds of train, read, pick; each round is one resumable step, its curve and the final model are published."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson

from cuvee import render, rng
from cuvee.arrays import F64, I64
from cuvee.errors import InputError
from cuvee.evolution.asked import EvolveAsk, bind, plan
from cuvee.evolution.published import Evolved, Figures, RoundField, finish
from cuvee.evolution.rounds import next_rows, taught
from cuvee.intake.ground import Ground, kept_by, prepare, rows_of
from cuvee.intake.hold_out import hold_out
from cuvee.models import causal, forward
from cuvee.progress import say
from cuvee.result import Result
from cuvee.runs import Run, Step, digest, open_run, write_json
from cuvee.training import sft
from cuvee.training.settings import described

SMALL = 1e-3  # nats: a round that gains less than this counts as one without a gain


def run_evolve(*, out: Path, dry_run: bool, **typed: Any) -> Result:
    """Do what ``cuvee.verbs.evolve`` says."""
    wanted = bind(typed)
    if dry_run:
        return plan(wanted, Path(out))
    with open_run(Path(out)) as run:
        return _evolve(run, wanted)


def _evolve(run: Run, wanted: EvolveAsk) -> Result:
    field, notes = _field(run, wanted)
    chosen, figures = _first(field.ground, wanted), []
    version = causal.version_of(wanted.plan.base)
    depends: dict[str, Any] = {"ground": field.ground.fingerprint, "base": version, "plan": _plain(wanted)}
    for number in range(len(wanted.sizes)):
        step = _round(run, wanted, field, chosen, number, depends)
        told = orjson.loads((step.path / "figures.json").read_bytes())
        figures.append(told)
        _report(told, step)
        if number + 1 == len(wanted.sizes) or _exhausted(figures, wanted.patience):
            break
        chosen = np.concatenate([chosen, np.load(step.path / "picks.npy")])
    early = len(figures) < len(wanted.sizes)
    best = int(np.argmin([told["held-out loss"] for told in figures])) if early else len(figures) - 1
    chosen = chosen[: figures[best]["rows"]]
    final = _final(run, wanted, field, chosen, depends) if early else run.steps[-1]
    return finish(run, Evolved(wanted, field, chosen, figures, best, final, notes))


def _field(run: Run, wanted: EvolveAsk) -> tuple[RoundField, list[str]]:
    """Read, clean, embed, hold out and render; rows without an answer that counts leave, with the reason in the ledger."""
    ground, held = hold_out(prepare(run, wanted.ground), wanted.held_out, seed=wanted.plan.seed)
    tokenizer = causal.tokenizer_of(wanted.plan.base)
    longest = wanted.plan.training.max_length
    rows = render.encode_all(ground.pool.table["messages"].to_pylist(), tokenizer, max_length=longest)
    empty = [row for row, encoded in enumerate(rows) if not encoded.answer.any()]
    why = f"no answer within {longest} tokens"
    ground = ground.without([(row, "evolve", why, None) for row in empty])
    kept = [encoded for encoded in rows if encoded.answer.any()]
    if len(kept) < wanted.sizes[0]:
        raise InputError(
            f"the pool has {len(kept)} rows to learn from, --init asks for {wanted.sizes[0]}", "give more rows"
        )
    tests = render.encode_all(held.rows["messages"].to_pylist(), tokenizer, max_length=longest)
    asked = [at for at, encoded in enumerate(tests) if encoded.answer.any()]
    cut = sum(encoded.cut > 0 for encoded in kept)
    notes = [f"{cut:,} rows are longer than {longest} tokens and lose their end"] if cut else []
    return RoundField(ground, kept, [tests[at] for at in asked], [held.labels[at] for at in asked]), notes


def _first(ground: Ground, wanted: EvolveAsk) -> I64:
    """Return the first rows: those of an earlier run, in rank order, or rows drawn at random."""
    if wanted.start is not None:
        ranks = kept_by(wanted.start)
        rows = rows_of(ground.pool.table, sorted(ranks, key=lambda name: ranks[name]))[: wanted.sizes[0]]
        if not len(rows):
            raise InputError(f"no row that {wanted.start} kept stands in this pool", "leave out --start")
        return rows
    salt = int(rng.stream(wanted.plan.seed, "evolve", "first").integers(2**62))
    order: I64 = np.argsort(rng.keyed(ground.pool.keys, salt), kind="stable").astype(np.int64)
    return order[: wanted.sizes[0]]


def _round(run: Run, wanted: EvolveAsk, field: RoundField, chosen: I64, number: int, depends: dict[str, Any]) -> Step:
    """Train on the chosen rows, judge the model, and let it pick the next rows; its weights are not kept."""
    last = number + 1 == len(wanted.sizes)
    more = 0 if last else wanted.sizes[number + 1] - wanted.sizes[number]

    def make(folder: Path) -> None:
        say(f"round {number}: training on {len(chosen):,} rows")
        trained = taught(wanted.plan, field.rows, chosen, folder / "model")
        model = trained.model
        losses = forward.passes(model, field.held, label="judging").mean_loss
        if more:
            picks = next_rows(wanted.plan, model, field.rows, chosen, more, number)
            np.save(folder / "picks.npy", picks)
        if not last:
            _forget(folder / "model")
        write_json(folder / "figures.json", _figures(number, chosen, trained, losses, field.held_labels))

    return run.step(f"round-{number}", {**depends, "rows": digest(chosen), "more": more}, make, resumable=True)


def _forget(folder: Path) -> None:
    """Remove weights that are read no more: ten rounds of a large model would fill the disk."""
    import shutil

    shutil.rmtree(folder)


def _figures(number: int, chosen: I64, trained: sft.Trained, losses: F64, labels: list[str]) -> Figures:
    by_task = {name: float(np.mean(losses[np.array(labels) == name])) for name in sorted(set(labels))}
    return {
        "round": number,
        "rows": len(chosen),
        "held-out loss": float(np.mean(list(by_task.values()))),
        "by task": by_task,
        "train loss": trained.curve[-1]["loss"] if trained.curve else None,
        "steps": trained.steps,
        "tokens": trained.tokens,
    }


def _report(told: Figures, step: Step) -> None:
    if not step.reused:
        loss = f"held-out loss {told['held-out loss']:.4f}"
        say(f"round {told['round']}: {told['rows']:,} rows, {told['steps']} steps, {loss}, {step.seconds:.1f} s")


def _exhausted(figures: list[Figures], patience: int) -> bool:
    """Return whether the last ``patience`` rounds gained less than SMALL over the best before them."""
    losses = [told["held-out loss"] for told in figures]
    return 0 < patience < len(losses) and min(losses[:-patience]) - min(losses[-patience:]) < SMALL


def _plain(wanted: EvolveAsk) -> dict[str, Any]:
    plan = wanted.plan
    return {
        "strategy": plan.strategy.name,
        "whitening": plan.whitening,
        "training": described(plan.training),
        "seed": plan.seed,
    }


def _final(run: Run, wanted: EvolveAsk, field: RoundField, chosen: I64, depends: dict[str, Any]) -> Step:
    """Train once more on the set of the best round, whose weights were not kept."""
    say(f"the gain is gone: the final model is that of the best round, on {len(chosen):,} rows")

    def make(folder: Path) -> None:
        taught(wanted.plan, field.rows, chosen, folder / "model")

    return run.step("final", {**depends, "rows": digest(chosen)}, make, resumable=True)
