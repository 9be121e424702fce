"""One small self-contained HTML page of a training: the loss curve, the figures, how to make it again; no request."""

from collections.abc import Sequence
from pathlib import Path

from cuvee.reports import frame
from cuvee.reports.lines import curve
from cuvee.result.plain import shown
from cuvee.result.summary import TrainingSummary


def write(summary: TrainingSummary, path: Path, costs: Sequence[frame.StepCost] = ()) -> None:
    """Write the page of a training, whole or not at all; equal arguments give equal bytes."""
    frame.write(make(summary, costs), path)


def make(summary: TrainingSummary, costs: Sequence[frame.StepCost] = ()) -> str:
    """Return the page as HTML."""
    told = shown(summary)
    return frame.render(
        "training.html.jinja", told, costs=costs, facts=told.get("training", {}), chart=curve(told["loss"])
    )
