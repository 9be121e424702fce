"""What a map leaves behind: a file for each regime, all trials as a table, the picture, and the summary."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

import pyarrow as pa
import pyarrow.parquet as pq

from cuvee import commands, disk
from cuvee.atlas.asked import RegimesAsk
from cuvee.atlas.chart import BETTER, WORSE, ChartedRegime, Contrast, between, charted
from cuvee.atlas.regime import Regime
from cuvee.atlas.trial import TriedFigures
from cuvee.intake.read import FileInfo
from cuvee.models import causal
from cuvee.proof.beforehand import told
from cuvee.proof.choosing_arms import RANDOM
from cuvee.reports.regimes import picture
from cuvee.result import Result
from cuvee.runs import Run, write_json

MAP, PICTURE, TRIALS = "map.json", "map.svg", "trials.parquet"


class PrimaryFigures(TypedDict):
    """The comparison that was written down beforehand, in one regime. ratio: the difference over half its interval's width."""

    regime: str
    primary: str
    found: Contrast
    ratio: float | None


def published(
    run: Run, ask: RegimesAsk, inputs: Sequence[FileInfo], trials: Mapping[Regime, dict[str, list[list[TriedFigures]]]]
) -> Result:
    """Chart the trials, publish all, and return the result."""
    chart = [charted(regime, regime.budget(ask.size.tasks), found, RANDOM) for regime, found in trials.items()]
    primary = _primary(ask, trials)
    summary = _summary(run, ask, chart, primary)

    def make(folder: Path) -> None:
        write_json(folder / MAP, {"regimes": chart, "primary": primary})
        disk.write(folder / PICTURE, picture(chart).encode())
        with disk.create(folder / TRIALS) as file:
            pq.write_table(_table(ask, trials), file)
        for one in chart:
            write_json(disk.folder(folder / "cells") / f"{one['name']}.json", one)
        write_json(folder / "summary.json", summary)

    step = run.step("map", {"map": chart, "settings": ask.typed, "primary": primary}, make)
    files = run.publish(step, [PICTURE, MAP, TRIALS, "summary.json"])
    run.publish_folder(step, "cells")
    run.conclude("regimes", ask.typed, seed=ask.seed, inputs=inputs, base=causal.version_of(ask.base))
    return Result(run.path, summary, files, next=commands.line("cuvee", "report", run.path))


def _primary(ask: RegimesAsk, trials: Mapping[Regime, dict[str, list[list[TriedFigures]]]]) -> list[PrimaryFigures]:
    if not ask.primary:
        return []
    told_: list[PrimaryFigures] = []
    for regime, found in trials.items():
        one = between(found, ask.primary.arm, ask.primary.reference)
        ratio = one["difference"] / one["half"] if one["half"] else None
        told_.append({"regime": regime.name, "primary": str(ask.primary), "found": one, "ratio": ratio})
    return told_


def _summary(
    run: Run, ask: RegimesAsk, chart: Sequence[ChartedRegime], primary: Sequence[PrimaryFigures]
) -> dict[str, object]:
    verdicts = [arm["known"]["verdict"] for one in chart for arm in one["arms"] if arm["arm"] != RANDOM]
    better, worse = (sum(verdict == word for verdict in verdicts) for word in (BETTER, WORSE))
    sentence = (
        f"In {len(chart):,} regimes, of {len(verdicts):,} comparisons with random {better:,} are better, {worse:,} worse, and "
        f"{len(verdicts) - better - worse:,} cannot be told."
    )
    notes = ["each interval holds by itself with 95 %: of 100 comparisons without a difference about 5 are told"]
    lines = [_said(one) for one in primary]
    return {
        "title": "Regimes",
        "sentence": " ".join([*lines, sentence]),
        "command": commands.command("regimes", ask.typed, run.path),
        "warnings": notes,
        "settings": dict(ask.typed),
        **({"plan_file": told(ask.plan)} if ask.plan else {}),
    }


def _said(one: PrimaryFigures) -> str:
    found, ratio = one["found"], one["ratio"]
    sure = "" if found["half"] is None or ratio is None else f" ± {found['half']:.3f} ({ratio:.1f} half-widths)"
    return f"Written beforehand: {one['primary']} in {one['regime']}: {found['difference']:+.3f}{sure}, {found['verdict']}."


def _table(ask: RegimesAsk, trials: Mapping[Regime, dict[str, list[list[TriedFigures]]]]) -> pa.Table:
    rows = [
        {
            "imbalance": regime.kind.imbalance,
            "duplicates": regime.kind.duplicates,
            "noise": regime.kind.noise,
            "per_task": regime.per_task,
            "arm": arm,
            "seed": seed,
            "draw": draw,
            **figures,
        }
        for regime, arms in trials.items()
        for arm, runs in arms.items()
        for seed, draws in zip(ask.seeds, runs, strict=True)
        for draw, figures in enumerate(draws)
    ]
    return pa.Table.from_pylist(rows)
