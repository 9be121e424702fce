"""A line over steps, as a page draws it: points and ticks in percent of the drawing, whatever its size."""

import math
from collections.abc import Sequence
from typing import TypedDict

POINTS = 800  # of a curve that are drawn
TICKS = 5


class Tick(TypedDict):
    """A mark of an axis: where it lies, and what it says."""

    at: float
    text: str


class Curve(TypedDict):
    """A line as a page draws it: "x,y" points of every step and of their running mean, and both axes' ticks."""

    raw: str
    smooth: str
    y: list[Tick]
    x: list[Tick]


def curve(loss: Sequence[Sequence[float]]) -> Curve:
    """Return what the drawing needs: points of every step and of their running mean, and both axes' ticks.

    loss: [step, value, ...] per step, at least one.
    """
    stride = -(-len(loss) // POINTS)
    steps, values = [row[0] for row in loss], [row[1] for row in loss]
    smooth = _running_mean(values, max(1, len(values) // 20))
    low, high = min(values), max(values)
    low, high = (low - 0.5, high + 0.5) if low == high else (low, high)

    def x(step: float) -> float:
        return 100 * (step - steps[0]) / max(steps[-1] - steps[0], 1)

    def y(value: float) -> float:
        return 100 * (high - value) / (high - low)

    def line(series: Sequence[float]) -> str:
        return " ".join(f"{x(steps[at]):.2f},{y(series[at]):.2f}" for at in range(0, len(steps), stride))

    digits = decimals(high - low)
    marks = [low + (high - low) * tick / (TICKS - 1) for tick in range(TICKS)]
    turns = sorted({steps[round((len(steps) - 1) * tick / (TICKS - 1))] for tick in range(TICKS)})
    return {
        "raw": line(values),
        "smooth": line(smooth),
        "y": [{"at": round(y(mark), 2), "text": f"{mark:.{digits}f}".replace("-", "−")} for mark in marks],
        "x": [{"at": round(x(step), 2), "text": f"{step:,.0f}"} for step in turns],
    }


def decimals(span: float) -> int:
    """Return how many digits after the point tell ticks of an axis of this length apart."""
    return min(max(2 - math.floor(math.log10(span)), 0), 6)


def _running_mean(values: Sequence[float], width: int) -> list[float]:
    """Return the mean of each value and the up to width - 1 before it."""
    means, total = [], 0.0
    for at, value in enumerate(values):
        total += value - (values[at - width] if at >= width else 0.0)
        means.append(total / min(at + 1, width))
    return means
