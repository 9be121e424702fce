"""Interpolate: read, clean, blend across tasks, keep the densest of rows and blends, and publish them by reference."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import orjson

from cuvee import disk
from cuvee.errors import InputError
from cuvee.intake.plan import expect
from cuvee.interpolation import coverage, pairs
from cuvee.interpolation.asked import InterpolateAsk, InterpolateOptions, bind
from cuvee.interpolation.blend import blend
from cuvee.interpolation.field import MixField, mix_field
from cuvee.interpolation.mixing import Mixed
from cuvee.interpolation.published import story
from cuvee.interpolation.told import Drawn, Interpolated
from cuvee.progress import say
from cuvee.publication.finish import finish
from cuvee.publication.measure import Measures
from cuvee.result import Result
from cuvee.runs import Claim, Run, Step, open_run, write_json
from cuvee.training.mixture import BlendReading, Mixture


def run_interpolate(options: InterpolateOptions, *, out: Path, dry_run: bool, replace: bool) -> Result:
    """Do what ``cuvee.verbs.interpolate`` says."""
    ask = bind(options)
    if dry_run:
        return _plan(ask, Path(out))
    with open_run(Path(out), Claim("interpolate", ask.typed, replace)) as run:
        return _interpolate(run, ask)


def _interpolate(run: Run, ask: InterpolateAsk) -> Result:
    field = mix_field(run, ask)
    step = _mixed(run, ask, field)
    mixed, drawn = _read(step, ask.blending.mixing.reading)
    if not len(mixed.kept):
        raise InputError("the budget holds not one row", "give more")
    measured = _measured(run, ask, field, mixed, step)
    return finish(run, story(run, Interpolated(ask, field, mixed, drawn, step), measured))


def _mixed(run: Run, ask: InterpolateAsk, field: MixField) -> Step:
    """Draw, cluster, keep; the kept mixture and how it came about."""
    pool, settings, tasks = field.ground.pool, ask.blending.mixing, field.rows.tasks

    def make(folder: Path) -> None:
        found = blend(field.rows, ask.budget, settings, seed=ask.seed)
        assert found.centers is not None
        disk.save_arrays(
            folder / "kept.npz",
            left=found.kept.left,
            right=found.kept.right,
            weight=found.kept.weight,
            cluster=found.cluster,
            sparsity=found.sparsity,
            centers=found.centers,
        )
        possible = pairs.possible(pairs.PairRows(pool.keys, tasks, None, settings.among))
        if settings.beside:  # a row of one half with one of the other
            half = found.kept.units // 2
            possible = half * (found.kept.units - half)
        write_json(folder / "drawn.json", asdict(Drawn(len(found.drawn), possible)))

    own = {"mixing": vars(settings), "tasks": ask.blending.tasks, "budget": vars(ask.budget), "seed": ask.seed}
    step = run.step("mix", {**field.depends, **own}, make)
    if not step.reused:
        say(f"mixed     {len(pool):,} rows in {step.seconds:.1f} s")
    return step


def _read(step: Step, reading: BlendReading) -> tuple[Mixed, Drawn]:
    """Return what the step of ``_mixed`` wrote."""
    with np.load(step.path / "kept.npz") as kept:
        mixture = Mixture(kept["left"], kept["right"], kept["weight"], reading)
        mixed = Mixed(mixture, kept["cluster"], kept["sparsity"], mixture[:0], kept["centers"])
    return mixed, Drawn(**orjson.loads((step.path / "drawn.json").read_bytes()))


def _measured(run: Run, ask: InterpolateAsk, field: MixField, mixed: Mixed, step: Step) -> tuple[Step, Measures]:
    draws, seed = ask.publishing.draws, ask.seed

    def make(folder: Path) -> None:
        counted = mixed.kept[: mixed.kept.units]  # blends beside their rows reach nothing that these do not
        cover = coverage.cover(field.rows.X, field.ground.pool.keys, field.rows.tasks, mixed, seed=seed)
        write_json(folder / "measures.json", coverage.measures(cover, counted, draws=draws, seed=seed))

    measured = run.step("measure", {"mix": step.fingerprint, "draws": draws, "seed": seed}, make)
    if not measured.reused:
        say(f"measured  the mixture beside {draws} random sets of rows in {measured.seconds:.1f} s")
    return measured, orjson.loads((measured.path / "measures.json").read_bytes())


def _plan(ask: InterpolateAsk, out: Path) -> Result:
    """Say what would be done."""
    expected = expect(ask.pool)
    steps = ["read", "clean", f"embed by {expected.embedder}", *_mixing(ask, expected.rows), f"publish to {out}"]
    return expected.result(out, steps, seconds=expected.seconds)


def _mixing(ask: InterpolateAsk, rows: int) -> list[str]:
    """Return how so many rows would be mixed, in words."""
    mixing, in_tokens = ask.blending.mixing, ask.budget.kind == "tokens"
    shares = f"lambda from Beta({mixing.alpha:g}, {mixing.alpha:g})"
    if mixing.beside:
        k = "as many rows as fit" if in_tokens else f"{ask.budget.rows(rows):,} rows"
        many = "" if in_tokens else f"{mixing.drawn(ask.budget.rows(rows)):,} "
        return [
            f"cluster {rows:,} rows into {mixing.clusters}, and keep {k}",
            f"draw {many}blends of them, confident with unconfident rows, {shares}",
        ]
    drawn, k = mixing.drawn(rows), "as many rows and blends as fit" if in_tokens else f"{ask.budget.rows(rows):,}"
    return [
        f"draw {drawn:,} blends of pairs across tasks, {shares}",
        f"cluster {rows + drawn:,} rows and blends into {mixing.clusters}, and keep {k}",
    ]
