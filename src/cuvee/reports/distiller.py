"""One small self-contained HTML page of a distiller: rewards per part and per kind, replies before and after."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from cuvee.reports import frame, lines
from cuvee.result.methods import StageFigures
from cuvee.result.plain import shown
from cuvee.result.summary import DistillerSummary

PARTS = ("reward", "quality", "alignment", "format", "kl", "tokens")


class Chart(lines.Curve):
    """A curve with its title."""

    title: str


def write(summary: DistillerSummary, path: Path, costs: Sequence[frame.StepCost] = ()) -> None:
    """Write the page, whole or not at all; equal arguments give equal bytes."""
    frame.write(make(summary, costs), path)


def make(summary: DistillerSummary, costs: Sequence[frame.StepCost] = ()) -> str:
    """Return the page as HTML."""
    told = shown(summary)
    return frame.render(
        "distiller.html.jinja",
        told,
        costs=costs,
        facts=told.get("training", {}),
        charts=charts(told["curves"]),
        rows=rows(told["stages"]),
    )


def charts(curves: Mapping[str, Sequence[Mapping[str, float]]]) -> list[Chart]:
    """Return the drawings: the loss of the cold start, then of GRPO the reward, its parts, those of each kind, and the rest."""
    found: list[Chart] = []
    if curves.get("cold start"):
        found.append({"title": "Cold start: loss per answer token, nats", **_curve(curves["cold start"], "loss")})
    points = curves.get("GRPO") or []
    names = dict.fromkeys(name for point in points for name in point)
    first = [name for name in PARTS if name in names]
    for name in [*first, *(name for name in names if "/" in name)]:
        drawn = [point for point in points if name in point]
        if len(drawn) > 1:
            found.append({"title": f"GRPO: {name.replace('/', ' of ')}", **_curve(drawn, name)})
    return found


def _curve(points: Sequence[Mapping[str, float]], name: str) -> lines.Curve:
    return lines.curve([[point["step"], point[name], 0.0] for point in points])


def rows(stages: Mapping[str, StageFigures]) -> list[dict[str, str | float]]:
    """Return the table: one row per stage and kind."""
    found: list[dict[str, str | float]] = []
    for stage, told in stages.items():
        for kind, means in {"all": told["over all"], **told["by kind"]}.items():
            found.append({"stage": stage, "kind": kind, **means})
    return found
