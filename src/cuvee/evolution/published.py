"""What an evolution leaves behind: the nested sets as a selection, the curve, the report and the final model."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from cuvee import commands
from cuvee.arrays import I64
from cuvee.evolution.asked import EvolveAsk
from cuvee.intake.ground import Ground
from cuvee.models import causal
from cuvee.publication import publish as publishing
from cuvee.publication import summary
from cuvee.publication.ledger import Outcome, make_ledger
from cuvee.publication.map import make_map
from cuvee.publication.measure import measure
from cuvee.render import Encoded
from cuvee.result import Result, Summary
from cuvee.runs import Run, Step, sha256
from cuvee.samples import ledger as ledgers
from cuvee.samples.pool import Selection


@dataclass(frozen=True)
class RoundField:
    """What the rounds work on. rows: token ids of every row of the pool; held: those of the held-out rows."""

    ground: Ground
    rows: Sequence[Encoded]
    held: Sequence[Encoded]
    held_labels: list[str]


Figures = dict[str, Any]


@dataclass(frozen=True)
class Evolved:
    """A finished evolution. chosen: (k,) rows of the pool in pick order. best: the round whose model is the final one."""

    wanted: EvolveAsk
    field: RoundField
    chosen: I64
    figures: list[Figures]
    best: int
    final: Step  # its folder holds the model
    notes: list[str]


def finish(run: Run, done: Evolved) -> Result:
    """Measure and publish; return what the verb returns."""
    wanted, ground, sizes = done.wanted, done.field.ground, [told["rows"] for told in done.figures[: done.best + 1]]
    depends = done.final.fingerprint
    measured, measures = measure(
        run, ground.pool, done.chosen, ground.tokens, twin=ground.embedder.near, draws=wanted.ground.draws,
        seed=wanted.plan.seed, depends=depends, sizes=sizes,
    )  # fmt: skip
    selection = _selection(done.chosen, sizes, wanted)
    outcome = Outcome(ground.source, ground.table, ground.alive, ground.pool, selection)
    mapped = make_map(run, outcome, wanted.plan.seed, depends=depends)
    ledger = make_ledger(outcome, "")
    counts = ledgers.check(ledger, ground.source.total)
    command = commands.command("evolve", wanted.typed, run.path)
    facts = summary.Facts(
        wanted.ground, run.path, ground.source, ledger, counts, ground.pool, selection, measures, command
    )
    told = _told(summary.summarise(facts, ground.embedder, [*ground.notes, *done.notes]), done)
    files = publishing.publish(
        run, outcome, mapped, ledger, told,
        format=wanted.ground.format, file=wanted.ground.file, depends=[measured.fingerprint, mapped.fingerprint],
    )  # fmt: skip
    model = run.publish_folder(done.final, "model")
    _write_manifest(run, wanted, ground, counts, files, done.figures)
    return Result(run.path, told, [*files, model], next=f"cuvee evaluate {model} --on {wanted.ground.data[0]}")


def _selection(chosen: I64, sizes: list[int], wanted: EvolveAsk) -> Selection:
    first = "the first rows, at random" if wanted.start is None else f"kept by {wanted.start}"
    how = wanted.plan.strategy.summary
    reasons = [first] * sizes[0]
    for number, (low, high) in enumerate(pairwise(sizes)):
        reasons += [f"picked by the model of round {number}: {how}"] * (high - low)
    return Selection(chosen, np.full(len(chosen), np.nan, dtype=np.float32), reasons[: len(chosen)])


def _told(told: Summary, done: Evolved) -> Summary:
    """Add the rounds to a summary: the held-out loss beside the diversity figures, and a table for the terminal."""
    wanted, figures, best = done.wanted, done.figures, done.best
    shown = figures[: best + 1]
    told["curve"]["measures"]["held-out loss"] = {"selection": [round_["held-out loss"] for round_ in shown]}
    told["selection"] |= {
        "method": f"evolve by {wanted.plan.strategy.name}",
        "model": wanted.base,
        "rounds": len(figures) - 1,
    }
    told["rounds"] = figures
    first, last = figures[0]["held-out loss"], figures[best]["held-out loss"]
    told["sentence"] = (
        f"{figures[best]['rows']:,} rows in {best} rounds: held-out loss {first:.4f} after the first "
        f"{figures[0]['rows']:,} rows, {last:.4f} at the end. {told['sentence']}"
    )
    if len(figures) < len(wanted.sizes):
        told["warnings"].append(f"stopped after round {len(figures) - 1}: no gain in {wanted.patience} rounds")
    return told


def _write_manifest(
    run: Run, wanted: EvolveAsk, ground: Ground, counts: dict[str, int], files: list[Path], figures: list[Figures]
) -> None:
    outputs = [{"file": path.name, "bytes": path.stat().st_size, "sha256": sha256(path)} for path in files]
    run.finish(
        {
            "verb": "evolve",
            "settings": {
                name: str(value) if isinstance(value, Path) else value for name, value in wanted.typed.items()
            },
            "seed": wanted.plan.seed,
            "inputs": ground.source.files,
            "outputs": outputs,
            "rows": {"input": ground.source.total, **{status: counts[status] for status in ledgers.STATUSES}},
            "model": {"name": wanted.base, "version": causal.version_of(wanted.plan.base)},
            "rounds": figures,
        }
    )
