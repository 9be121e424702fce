"""A line over steps, as a page draws it: points and axes of an inline SVG."""

from collections.abc import Sequence
from typing import TypedDict

WIDTH, HEIGHT = 960.0, 320.0  # of the drawing, in its own units
LEFT, BOTTOM, TOP, RIGHT = 56.0, 36.0, 12.0, 12.0  # room for the axes
POINTS = 800  # of a curve that are drawn
TICKS = 5


class Tick(TypedDict):
    """A mark of an axis: where it lies, and what it says."""

    at: float
    text: str


class Curve(TypedDict):
    """A line as SVG draws it: "x,y" points of every step and of their running mean, and both axes."""

    width: float
    height: float
    raw: str
    smooth: str
    y: list[Tick]
    x: list[Tick]
    left: float
    right: float
    bottom: float


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
        return LEFT + (WIDTH - LEFT - RIGHT) * (step - steps[0]) / max(steps[-1] - steps[0], 1)

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    def line(series: Sequence[float]) -> str:
        return " ".join(f"{x(steps[at]):.1f},{y(series[at]):.1f}" for at in range(0, len(steps), stride))

    marks = [low + (high - low) * tick / (TICKS - 1) for tick in range(TICKS)]
    turns = sorted({steps[round((len(steps) - 1) * tick / (TICKS - 1))] for tick in range(TICKS)})
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "raw": line(values),
        "smooth": line(smooth),
        "y": [{"at": round(y(mark), 1), "text": f"{mark:.2f}"} for mark in marks],
        "x": [{"at": round(x(step), 1), "text": f"{step:,.0f}"} for step in turns],
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "bottom": HEIGHT - BOTTOM,
    }


def _running_mean(values: Sequence[float], width: int) -> list[float]:
    """Return the mean of each value and the up to width - 1 before it."""
    means, total = [], 0.0
    for at, value in enumerate(values):
        total += value - (values[at - width] if at >= width else 0.0)
        means.append(total / min(at + 1, width))
    return means
