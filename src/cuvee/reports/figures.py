"""The numbers behind the charts that the template draws: positions in percent, shares, verdicts."""

import math
import re
from collections.abc import Sequence
from typing import TypedDict, TypeVar

from markupsafe import Markup, escape

from cuvee.result.measures import BudgetCurve, LabelBar, LengthBin, MeasureRow, RowCounts, Series, side

BARS = 20
MARGIN = 8.0  # percent of a range plot kept free at both ends
FAR = 4.0  # a pool this many spans away from selection and random is shown at the edge

_FLOW = (
    ("kept", "chosen"),
    ("free", "clean, not chosen"),
    ("dropped", "dropped"),
    ("merged", "merged"),
    ("quarantined", "quarantined"),
)


class FlowPart(TypedDict):
    """Input rows that became one thing, and their share of all."""

    key: str
    label: str
    rows: int
    share: float


class RangePlot(MeasureRow):
    """A measure as it is drawn. at: name of a value -> its place in percent. edge: where the pool lies beyond."""

    verdict: str
    at: dict[str, float | None]
    edge: str


class BarShares(TypedDict):
    """Shares of all rows, and sizes in percent of the largest share."""

    pool_share: float
    pool_size: float
    selection_share: float
    selection_size: float


class DrawnBar(LabelBar, BarShares):
    """A label with its shares."""


class DrawnBin(LengthBin, BarShares):
    """A bin with its shares."""


class CurveTable(TypedDict):
    """One measure over the budgets: rows of budget, selection, random mean, low and high."""

    name: str
    rows: list[list[float | None]]


class CurveTables(TypedDict):
    """The curve as tables. label: what a budget is."""

    label: str
    tables: list[CurveTable]


Counted = TypeVar("Counted", LabelBar, LengthBin)


def number(value: float | None) -> str:
    """Return a number for a reader: thousands with commas, else four significant digits; a dash for None and NaN."""
    if value is None or not math.isfinite(value):
        return "–"
    if isinstance(value, int) or abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def share(value: float) -> str:
    """Return a share in percent: one digit after the point below 10 %, "<0.1 %" for less than that but not nothing."""
    percent = 100 * value
    if 0 < percent < 0.1:
        return "<0.1 %"
    return f"{percent:.1f} %" if 0 < percent < 10 else f"{percent:.0f} %"


def flow(rows: RowCounts) -> list[FlowPart]:
    """Return what became of the input rows, in order, with shares of all; parts without rows are left out.

    Where kept + dropped + merged + quarantined is all of the input, the free rows are taken out of the dropped ones.
    """
    given = {name: count for name, count in rows.items() if isinstance(count, int)}
    counts = {key: given.get(key, 0) for key, _ in _FLOW}
    total = given.get("input", 0) or sum(counts.values())
    if counts["free"] and sum(counts.values()) - counts["free"] == total:
        counts["dropped"] -= counts["free"]
    return [
        {"key": key, "label": label, "rows": counts[key], "share": counts[key] / max(total, 1)}
        for key, label in _FLOW
        if counts[key] > 0
    ]


def range_plot(measure: MeasureRow) -> RangePlot:
    """Return a measure with its verdict and the positions of its plot in percent, right being better.

    verdict: "better" or "worse" only outside the range of the random draws, "within", or "" where there is none.
    """
    higher = bool(measure.get("higher_is_better", True))
    known: MeasureRow = {
        **measure,
        "higher_is_better": higher,
        "pool": _known(measure.get("pool")),
        "selection": _known(measure.get("selection")),
        "random_mean": _known(measure.get("random_mean")),
        "random_low": _known(measure.get("random_low")),
        "random_high": _known(measure.get("random_high")),
    }
    pool = known["pool"]
    low, high = _scale(known)
    values = {"pool": pool, "selection": known["selection"], "random_mean": known["random_mean"]}
    values |= {"random_low": known["random_low"], "random_high": known["random_high"]}
    at = {name: None if value is None else _place(value, low, high, higher) for name, value in values.items()}
    edge = "" if pool is None or low <= pool <= high else ("right" if (pool > high) == higher else "left")
    return {**known, "verdict": side(known), "at": at, "edge": edge}


def _scale(measure: MeasureRow) -> tuple[float, float]:
    """Return both ends of a plot: those of selection and random, and of the pool where it is not far from them."""
    shown = (measure["selection"], measure["random_mean"], measure["random_low"], measure["random_high"])
    near = [value for value in shown if value is not None]
    span = max(near) - min(near) if near else 0.0
    pool = measure["pool"]
    if pool is not None and (not near or min(near) - FAR * span <= pool <= max(near) + FAR * span):
        near.append(pool)
    return (min(near), max(near)) if near else (0.0, 0.0)


def _place(value: float, low: float, high: float, higher_is_better: bool) -> float:
    part = 0.5 if high == low else (value - low) / (high - low)
    part = part if higher_is_better else 1 - part
    return round(min(max(MARGIN + (100 - 2 * MARGIN) * part, 1.5), 98.5), 3)


def tally(plots: Sequence[RangePlot]) -> str:
    """Return how many measures left the range of the random draws and on which side, as a sentence; "" for none."""
    verdicts = [plot["verdict"] for plot in plots if plot["verdict"]]
    if not verdicts:
        return ""
    better, worse = verdicts.count("better"), verdicts.count("worse")
    parts = [f"better than every random draw on {better}", f"worse than every one on {worse}"]
    within = [f"like random on {len(verdicts) - better - worse}"] if better + worse < len(verdicts) else []
    return f"Of {len(verdicts)} measures: {', '.join([*parts, *within])}."


def breakable(label: str) -> Markup:
    """Return the escaped label that may be broken after "_" and "/"."""
    return Markup(re.sub("([_/])", r"\1<wbr>", str(escape(label))))


def bars(counts: Sequence[LabelBar]) -> list[DrawnBar]:
    """Return label, shares of pool and selection, and bar widths in percent of the largest share: top 20, then the rest."""
    rows, rest = list(counts), counts[BARS:]
    if len(rest) > 1:
        pool, selection = sum(row["pool"] for row in rest), sum(row["selection"] for row in rest)
        rows = [*rows[:BARS], {"label": f"{len(rest)} others", "pool": pool, "selection": selection}]
    return [{**row, **shares} for row, shares in zip(rows, _shares(rows), strict=True)]


def histogram(bins: Sequence[LengthBin]) -> list[DrawnBin]:
    """Return from, to, counts, shares and bar heights in percent of the largest share, bin by bin."""
    return [{**row, **shares} for row, shares in zip(bins, _shares(bins), strict=True)]


def _shares(rows: Sequence[Counted]) -> list[BarShares]:
    pool, selection = max(sum(row["pool"] for row in rows), 1), max(sum(row["selection"] for row in rows), 1)
    shares = [(row["pool"] / pool, row["selection"] / selection) for row in rows]
    largest = max((share for both in shares for share in both), default=0) or 1
    return [
        {
            "pool_share": before,
            "pool_size": round(100 * before / largest, 3),
            "selection_share": after,
            "selection_size": round(100 * after / largest, 3),
        }
        for before, after in shares
    ]


def percents(values: Sequence[float]) -> list[float]:
    """Return every value in percent of the largest."""
    largest = max(values, default=0) or 1
    return [round(100 * value / largest, 3) for value in values]


def curve(drawn: BudgetCurve) -> CurveTables:
    """Return the curve as a table per measure: name, and rows of budget, selection, random mean, low and high."""
    budgets = drawn.get("budgets") or []
    tables: list[CurveTable] = [
        {"name": name, "rows": [_line(budget, series, at) for at, budget in enumerate(budgets)]}
        for name, series in (drawn.get("measures") or {}).items()
    ]
    return {"label": drawn.get("x label") or "rows chosen", "tables": tables if budgets else []}


def _line(budget: int, series: Series, at: int) -> list[float | None]:
    columns = (series.get("selection"), series.get("random_mean"), series.get("random_low"), series.get("random_high"))
    return [budget, *(_known(values[at]) if values and at < len(values) else None for values in columns)]


def _known(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
