"""Interpolate: read, clean, blend across tasks, keep the densest of rows and blends, and publish them by reference."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from cuvee import render
from cuvee.arrays import F32, I64
from cuvee.budget import Budget
from cuvee.errors import InputError
from cuvee.intake import plan as plans
from cuvee.intake.ground import Ground, prepare
from cuvee.interpolation import coverage, pairs
from cuvee.interpolation.asked import InterpolateAsk, bind
from cuvee.interpolation.blend import blend, tasks_of, vectors_of
from cuvee.interpolation.mixing import Mixed
from cuvee.interpolation.published import finish
from cuvee.interpolation.told import Interpolated
from cuvee.models import causal
from cuvee.progress import say
from cuvee.render import Encoded
from cuvee.result import Result
from cuvee.runs import Run, Step, open_run, write_json
from cuvee.training.mixture import Mixture


def run_interpolate(*, out: Path, dry_run: bool, **typed: Any) -> Result:
    """Do what ``cuvee.verbs.interpolate`` says."""
    wanted = bind(typed)
    if dry_run:
        return _plan(wanted, Path(out))
    with open_run(Path(out)) as run:
        return _interpolate(run, wanted)


@dataclass(frozen=True)
class _Rendered:
    """A clean pool of rows that have an answer. encoded: token ids of each; lengths: (n,) tokens."""

    ground: Ground
    encoded: list[Encoded]
    notes: list[str]

    @property
    def lengths(self) -> I64:
        return np.array([len(row) for row in self.encoded], dtype=np.int64)


def _interpolate(run: Run, wanted: InterpolateAsk) -> Result:
    field = _field(run, wanted)
    ground = field.ground
    depends = {"ground": ground.fingerprint, "base": causal.version_of(wanted.base), "longest": wanted.max_length}
    tasks, names = _tasks(ground, wanted)
    X, space = _space(run, wanted, field, depends)
    step = _mixed(run, wanted, field, X, tasks, {**depends, "space": space})
    with np.load(step.path / "kept.npz") as kept:
        mixture = Mixture(kept["left"], kept["right"], kept["weight"])
        mixed = Mixed(mixture, kept["cluster"], kept["sparsity"], mixture[:0], kept["centers"])
    if not len(mixture):
        raise InputError("the budget holds not one row", "give more")
    told = orjson.loads((step.path / "told.json").read_bytes())
    measured = _measured(run, wanted, ground, X, tasks, mixed, step)
    return finish(
        run, Interpolated(wanted, ground, X, tasks, names, field.lengths, mixed, told, measured, step, field.notes)
    )


def _field(run: Run, wanted: InterpolateAsk) -> _Rendered:
    """Read, clean, embed and render; rows without an answer that counts leave, with the reason in the ledger."""
    ground = prepare(run, wanted.ground)
    tokenizer, longest = causal.tokenizer_of(wanted.base), wanted.max_length
    table = ground.pool.table
    rows = render.encode_all(
        table["messages"].to_pylist(), tokenizer, max_length=longest, tools=table["tools"].to_pylist()
    )
    empty = [row for row, one in enumerate(rows) if not one.answer[1:].any()]
    ground = ground.without([(row, "interpolate", f"no answer within {longest} tokens", None) for row in empty])
    kept = [one for one in rows if one.answer[1:].any()]
    if len(kept) < 2:
        raise InputError(f"{len(kept)} rows have an answer within {longest} tokens", "raise --max-length, or give more")
    cut = sum(one.cut > 0 for one in kept)
    notes = [f"{cut:,} rows are longer than {longest} tokens and lose their end"] if cut else []
    return _Rendered(ground, kept, notes)


def _tasks(ground: Ground, wanted: InterpolateAsk) -> tuple[I64, list[str]]:
    """Return the tasks; a pool of one task is of use only where no blends are asked for."""
    mixing = wanted.settings.mixing
    if not mixing.drawn(len(ground.pool)):
        codes, names = ground.pool.labels("task")
        return codes, names
    return tasks_of(ground.pool, wanted.settings.tasks, clusters=mixing.clusters, seed=wanted.seed)


def _space(run: Run, wanted: InterpolateAsk, field: _Rendered, depends: dict[str, Any]) -> tuple[F32, object]:
    """Return the vectors that are mixed, memory-mapped, and what they depend on."""
    if wanted.settings.space == "embedder":
        return field.ground.pool.vectors, "embedder"

    def make(folder: Path) -> None:
        np.save(folder / "vectors.npy", vectors_of("model", field.ground.pool, field.encoded, wanted.base))

    step = run.step("space", depends, make)
    if not step.reused:
        say(f"read      {len(field.encoded):,} rows in the model's embedding layer in {step.seconds:.1f} s")
    X: F32 = np.load(step.path / "vectors.npy", mmap_mode="r")
    return X, step.fingerprint


def _mixed(run: Run, wanted: InterpolateAsk, field: _Rendered, X: F32, tasks: I64, depends: dict[str, Any]) -> Step:
    """Draw, cluster, keep; the kept mixture and how it came about."""
    pool, settings = field.ground.pool, wanted.settings.mixing

    def make(folder: Path) -> None:
        found = blend(pool, X, tasks, field.lengths, wanted.budget, settings, seed=wanted.seed)
        kept = found.kept
        assert found.centers is not None
        np.savez(
            folder / "kept.npz", left=kept.left, right=kept.right, weight=kept.weight, cluster=found.cluster,
            sparsity=found.sparsity, centers=found.centers,
        )  # fmt: skip
        possible = pairs.possible(pairs.PairRows(pool.keys, tasks, None, settings.among))
        write_json(folder / "told.json", {"drawn": len(found.drawn), "possible": possible})

    own = {"mixing": vars(settings), "tasks": wanted.settings.tasks, "budget": vars(wanted.budget), "seed": wanted.seed}
    step = run.step("mix", {**depends, **own}, make)
    if not step.reused:
        say(f"mixed     {settings.drawn(len(pool)):,} blends of {len(pool):,} rows in {step.seconds:.1f} s")
    return step


def _measured(
    run: Run, wanted: InterpolateAsk, ground: Ground, X: F32, tasks: I64, mixed: Mixed, step: Step
) -> dict[str, Any]:
    draws, seed = wanted.ground.draws, wanted.seed

    def make(folder: Path) -> None:
        seen = coverage.field(X, ground.pool.keys, tasks, mixed.centers, len(mixed.kept), seed=seed)
        write_json(folder / "measures.json", coverage.measures(seen, mixed.kept, draws=draws, seed=seed))

    measured = run.step("measure", {"mix": step.fingerprint, "draws": draws, "seed": seed}, make)
    if not measured.reused:
        say(f"measured  the mixture beside {draws} random sets of rows in {measured.seconds:.1f} s")
    found: dict[str, Any] = orjson.loads((measured.path / "measures.json").read_bytes())
    return found


def _plan(wanted: InterpolateAsk, out: Path) -> Result:
    """Say what would be done."""
    planned = plans.plan(wanted.ground, out)
    told = planned.summary["plan"]
    mixing, rows = wanted.settings.mixing, told["rows"]
    k = "as many rows and blends as fit" if wanted.budget.kind == "tokens" else f"{_size(wanted.budget, rows):,}"
    told["steps"] = [
        "read",
        "clean",
        *(step for step in told["steps"] if step.startswith("embed")),
        f"draw {mixing.drawn(rows):,} blends of pairs across tasks, lambda from Beta({mixing.alpha:g}, {mixing.alpha:g})",
        f"cluster {rows + mixing.drawn(rows):,} rows and blends into {mixing.clusters}, and keep {k}",
        f"publish to {out}",
    ]
    return replace(planned, summary={"plan": told})


def _size(budget: Budget, rows: int) -> int:
    return budget.rows(rows)
