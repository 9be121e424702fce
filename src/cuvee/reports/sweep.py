"""One small self-contained HTML page of several proofs: how far each arm is from the reference, by budget and by setting."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from cuvee.reports import frame
from cuvee.reports.forest import VERDICTS
from cuvee.reports.lines import TICKS, Tick, decimals
from cuvee.result.plain import shown
from cuvee.result.proofs import SweepProof

WORDS = {verdict: word for verdict, (_, word) in VERDICTS.items()}  # as the page of one proof has them
DEFAULT = "default"  # the value of a setting that an arm does not name
SPREAD = 0.5  # of the room between two values that the arms of one value share


@dataclass(frozen=True)
class Point:
    """An arm in one proof. name, settings: of the arm. rows: the proof's budget. at, low, high: better by, and its interval."""

    name: str
    settings: tuple[tuple[str, str], ...]
    rows: int
    at: float
    low: float
    high: float

    def without(self, setting: str) -> str:
        """Return the arm's name without one of its settings."""
        return ":".join([self.name, *(f"{key}={value}" for key, value in self.settings if key != setting)])

    def value(self, setting: str) -> str:
        """Return what a setting is in this arm."""
        return dict(self.settings).get(setting, DEFAULT)


class SweepSummary(TypedDict):
    """What the page shows. reproduce: command lines."""

    title: str
    sentence: str
    reference: str
    unit: str
    proofs: list[SweepProof]
    reproduce: list[str]


class Mark(TypedDict):
    """A point as SVG draws it, with both ends of its interval and what it says."""

    x: float
    y: float
    low: float
    high: float
    text: str


class DrawnSeries(TypedDict):
    """The points of one arm. line: "x,y" of each."""

    label: str
    colour: int
    marks: list[Mark]
    line: str


class Axes(TypedDict):
    """The ticks of both axes, and where no difference lies; all places are in percent of the drawing."""

    zero: float
    y: list[Tick]
    x: list[Tick]


class Panel(Axes):
    """One drawing."""

    title: str
    series: list[DrawnSeries]
    raw: str
    smooth: str


Series = dict[str, list[tuple[str, Point]]]  # an arm's label -> (value of what is varied, point)


def write(summary: SweepSummary, path: Path) -> None:
    """Write the page, whole or not at all; equal arguments give equal bytes."""
    told = shown(summary)
    frame.write(frame.render("sweep.html.jinja", told, panels=panels(told["proofs"]), words=WORDS), path)


def panels(proofs: Iterable[SweepProof]) -> list[Panel]:
    """Return the drawings: one by budget where there are several, one for each setting that takes several values."""
    points = [point for proof in proofs for point in _points(proof)]
    sizes = sorted({point.rows for point in points})
    found = [_panel("budget, rows", points, "")] if len(sizes) > 1 else []
    for setting in dict.fromkeys(key for point in points for key, _ in point.settings):
        found.append(_panel(setting, points, setting))
    return [panel for panel in found if panel["series"]]


def _points(proof: SweepProof) -> list[Point]:
    found = []
    for arm in proof["arms"]:
        words = arm["arm"].split(":")
        given = tuple((key, value) for word in words if "=" in word for key, _, value in [word.partition("=")])
        name = ":".join(word for word in words if "=" not in word)
        if arm.get("difference") is not None:
            found.append(Point(name, given, proof["rows"] or 0, arm["difference"], arm["low"], arm["high"]))
    return found


def _panel(title: str, points: Sequence[Point], setting: str) -> Panel:
    """Return one drawing: a series for each arm that has two values or more. setting: "" for the budget."""
    several = len({point.rows for point in points}) > 1
    series: Series = {}
    for point in points:
        label = point.without(setting) + (f" at {point.rows:,} rows" if setting and several else "")
        series.setdefault(label, []).append((point.value(setting) if setting else str(point.rows), point))
    kept = {label: found for label, found in series.items() if len({value for value, _ in found}) > 1}
    values = sorted({value for found in kept.values() for value, _ in found}, key=_order)
    return {"title": title, **_axes(kept, values), "series": _drawn(kept, values), "raw": "", "smooth": ""}


def _order(value: str) -> tuple[int, float, str]:
    try:
        return 1, float(value), value
    except ValueError:
        return (0 if value == DEFAULT else 2), 0.0, value


def _axes(kept: Series, values: Sequence[str]) -> Axes:
    low, high = _range(kept)
    digits = decimals(high - low)
    marks = [low + (high - low) * tick / (TICKS - 1) for tick in range(TICKS)]
    return {
        "zero": _y(0.0, low, high),
        "y": [{"at": _y(mark, low, high), "text": f"{mark:+.{digits}f}".replace("-", "−")} for mark in marks],
        "x": [{"at": _x(at, len(values)), "text": value} for at, value in enumerate(values)],
    }


def _drawn(kept: Series, values: Sequence[str]) -> list[DrawnSeries]:
    span = _range(kept)
    found: list[DrawnSeries] = []
    for number, (label, given) in enumerate(kept.items()):
        shift = (number - (len(kept) - 1) / 2) / max(1, len(kept)) * SPREAD
        places = {value: _x(values.index(value) + shift, len(values)) for value, _ in given}
        ordered = sorted(given, key=lambda one: _order(one[0]))
        marks = [_mark(f"{label}, {value}", point, places[value], span) for value, point in ordered]
        line = " ".join(f"{mark['x']},{mark['y']}" for mark in marks)
        found.append({"label": label, "colour": number % 8, "marks": marks, "line": line})
    return found


def _mark(name: str, point: Point, x: float, span: tuple[float, float]) -> Mark:
    return {
        "x": x,
        "y": _y(point.at, *span),
        "low": _y(point.low, *span),
        "high": _y(point.high, *span),
        "text": f"{name}: {point.at:+.4f} ({point.low:+.4f} to {point.high:+.4f})",
    }


def _range(kept: Series) -> tuple[float, float]:
    points = [point for found in kept.values() for _, point in found]
    low, high = min([0.0, *(point.low for point in points)]), max([0.0, *(point.high for point in points)])
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _x(at: float, count: int) -> float:
    return round(100 * (at + 0.5) / max(1, count), 2)


def _y(value: float, low: float, high: float) -> float:
    return round(100 * (high - value) / (high - low), 2)
