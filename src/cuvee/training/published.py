"""What a training leaves behind: the weights, the loss curve on a page, the figures in the manifest."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import numpy as np
import orjson

from cuvee import commands
from cuvee.intake.read import Source
from cuvee.models import causal
from cuvee.reports import training as page
from cuvee.reports.frame import costs_of
from cuvee.result import Result, Summary
from cuvee.runs import Run, Step, versions, write_json
from cuvee.training import mixtures
from cuvee.training.asked import MixtureRun, TrainAsk
from cuvee.training.checkpoints import Curve
from cuvee.training.fresh import adapters
from cuvee.training.settings import described


class TrainFigures(TypedDict):
    """How a training went. rows: learnt from; left_out: without an answer that counts; truncated: cut at their end."""

    steps: int
    tokens: int
    rows: int
    left_out: int
    truncated: int
    seconds: float
    device: str
    curve: Curve


def publish(run: Run, ask: TrainAsk, source: Source, trained: Step) -> Result:
    """Publish a finished training; return what the verb returns."""
    figures: TrainFigures = orjson.loads((trained.path / "figures.json").read_bytes())
    told = _told(ask, source, figures, run.path)

    def make(folder: Path) -> None:
        write_json(folder / "summary.json", told)
        page.write(told, folder / "report.html", costs_of(run.steps))

    files = run.publish(
        run.step("publish", {"train": trained.fingerprint, "told": told}, make), ["report.html", "summary.json"]
    )
    model = run.publish_folder(trained, "model")
    rate = figures["tokens"] / max(figures["seconds"], 1e-9)
    how = {key: value for key, value in figures.items() if key != "curve"}
    run.conclude(
        "train",
        ask.typed,
        seed=ask.seed,
        inputs=source.files,
        model={"name": ask.model, "version": causal.version_of(ask.base)},
        training={**how, "tokens per second": rate, "settings": described(ask.training)},
        adapters=adapters(ask.training),
    )
    told["training"]["tokens per second"] = round(rate)
    on = ask.on.run / "selected.jsonl" if isinstance(ask.on, MixtureRun) else ask.on.read.data[0]
    return Result(run.path, told, [model, *files], next=commands.line("cuvee", "evaluate", model, "--on", on))


def _told(ask: TrainAsk, source: Source, figures: TrainFigures, out: Path) -> Summary:
    """Return the summary that page and terminal show; it holds no times, so equal runs tell equal things."""
    first, last = _ends([point["loss"] for point in figures["curve"]])
    return {
        "title": f"{ask.model} on {figures['rows']:,} rows",
        "sentence": f"Loss {first:.3f} at the start, {last:.3f} at the end, per answer token of the rows it learns from.",
        "command": commands.command("train", ask.typed, out),
        "training": {
            "rows": figures["rows"],
            "rows without an answer": figures["left_out"],
            "rows cut": figures["truncated"],
            "steps": figures["steps"],
            "tokens": figures["tokens"],
            "first loss": round(first, 4),
            "last loss": round(last, 4),
        },
        "loss": [[point["step"], point["loss"], point["lr"]] for point in figures["curve"]],
        "settings": {key: value for key, value in ask.typed.items() if value not in (None, "", [], 0)},
        "versions": versions(),
        "warnings": _warnings(ask, source, figures),
    }


def _warnings(ask: TrainAsk, source: Source, figures: TrainFigures) -> list[str]:
    found = mixtures.doubts(ask.on.run, causal.version_of(ask.base)) if isinstance(ask.on, MixtureRun) else []
    if figures["truncated"]:
        longest = ask.training.max_length
        found.append(f"{figures['truncated']:,} rows were longer than {longest} tokens and lost their end")
    if source.quarantined:
        found.append(f"{len(source.quarantined):,} rows could not be read; `cuvee inspect` shows them")
    return found


def _ends(losses: Sequence[float]) -> tuple[float, float]:
    """Return the mean of the first and of the last tenth of the steps, at least one of each: one step is noise."""
    tenth = max(1, len(losses) // 10)
    return float(np.mean(losses[:tenth])), float(np.mean(losses[-tenth:]))
