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
from cuvee.training.mixture import Mixture


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
    mixed, drawn = _read(step)
    if not len(mixed.kept):
        raise InputError("the budget holds not one row", "give more")
    measured = _measured(run, ask, field, mixed, step)
    return finish(run, story(run, Interpolated(ask, field, mixed, drawn, step), measured))


def _mixed(run: Run, ask: InterpolateAsk, field: MixField) -> Step:
    """Draw, cluster, keep; the kept mixture and how it came about."""
    pool, settings = field.ground.pool, ask.blending.mixing

    def make(folder: Path) -> None:
        found = blend(pool, field.X, field.tasks, field.lengths, ask.budget, settings, seed=ask.seed)
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
        possible = pairs.possible(pairs.PairRows(pool.keys, field.tasks, None, settings.among))
        write_json(folder / "drawn.json", asdict(Drawn(len(found.drawn), possible)))

    own = {"mixing": vars(settings), "tasks": ask.blending.tasks, "budget": vars(ask.budget), "seed": ask.seed}
    step = run.step("mix", {**field.depends, **own}, make)
    if not step.reused:
        say(f"mixed     {settings.drawn(len(pool)):,} blends of {len(pool):,} rows in {step.seconds:.1f} s")
    return step


def _read(step: Step) -> tuple[Mixed, Drawn]:
    """Return what the step of ``_mixed`` wrote."""
    with np.load(step.path / "kept.npz") as kept:
        mixture = Mixture(kept["left"], kept["right"], kept["weight"])
        mixed = Mixed(mixture, kept["cluster"], kept["sparsity"], mixture[:0], kept["centers"])
    return mixed, Drawn(**orjson.loads((step.path / "drawn.json").read_bytes()))


def _measured(run: Run, ask: InterpolateAsk, field: MixField, mixed: Mixed, step: Step) -> tuple[Step, Measures]:
    draws, seed = ask.publishing.draws, ask.seed

    def make(folder: Path) -> None:
        cover = coverage.cover(field.X, field.ground.pool.keys, field.tasks, mixed, seed=seed)
        write_json(folder / "measures.json", coverage.measures(cover, mixed.kept, draws=draws, seed=seed))

    measured = run.step("measure", {"mix": step.fingerprint, "draws": draws, "seed": seed}, make)
    if not measured.reused:
        say(f"measured  the mixture beside {draws} random sets of rows in {measured.seconds:.1f} s")
    return measured, orjson.loads((measured.path / "measures.json").read_bytes())


def _plan(ask: InterpolateAsk, out: Path) -> Result:
    """Say what would be done."""
    expected, mixing = expect(ask.pool), ask.blending.mixing
    rows, drawn = expected.rows, mixing.drawn(expected.rows)
    k = "as many rows and blends as fit" if ask.budget.kind == "tokens" else f"{ask.budget.rows(rows):,}"
    steps = [
        "read",
        "clean",
        f"embed by {expected.embedder}",
        f"draw {drawn:,} blends of pairs across tasks, lambda from Beta({mixing.alpha:g}, {mixing.alpha:g})",
        f"cluster {rows + drawn:,} rows and blends into {mixing.clusters}, and keep {k}",
        f"publish to {out}",
    ]
    return expected.result(out, steps, seconds=expected.seconds)
