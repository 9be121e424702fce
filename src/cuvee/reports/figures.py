"""The numbers behind the charts that the template draws: positions in percent, shares, verdicts."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

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


def flow(rows: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what became of the input rows, in order, with shares of all; parts without rows are left out.

    Where kept + dropped + merged + quarantined is all of the input, the free rows are taken out of the dropped ones.
    """
    counts = {key: int(rows.get(key) or 0) for key, _ in _FLOW}
    total = int(rows.get("input") or 0) or sum(counts.values())
    if counts["free"] and sum(counts.values()) - counts["free"] == total:
        counts["dropped"] -= counts["free"]
    return [
        {"key": key, "label": label, "rows": counts[key], "share": counts[key] / max(total, 1)}
        for key, label in _FLOW
        if counts[key] > 0
    ]


def range_plot(measure: Mapping[str, Any]) -> dict[str, Any]:
    """Return a measure with its verdict and the positions of its plot in percent, right being better.

    verdict: "better" or "worse" only outside the range of the random draws, "within", or "" where there is none.
    """
    values = {
        key: _known(measure.get(key)) for key in ("pool", "selection", "random_mean", "random_low", "random_high")
    }
    higher = bool(measure.get("higher_is_better", True))
    near = [value for key, value in values.items() if value is not None and key != "pool"]
    pool = values["pool"]
    span = (max(near) - min(near)) if near else 0.0
    if pool is not None and (not near or min(near) - FAR * span <= pool <= max(near) + FAR * span):
        near.append(pool)
    low, high = (min(near), max(near)) if near else (0.0, 0.0)

    def position(value: float | None) -> float | None:
        if value is None:
            return None
        part = 0.5 if high == low else (value - low) / (high - low)
        part = part if higher else 1 - part
        return round(min(max(MARGIN + (100 - 2 * MARGIN) * part, 1.5), 98.5), 3)

    at = {key: position(value) for key, value in values.items()}
    edge = "" if pool is None or low <= pool <= high else ("right" if (pool > high) == higher else "left")
    return {
        **measure,
        **values,
        "higher_is_better": higher,
        "verdict": _verdict(values, higher),
        "at": at,
        "edge": edge,
    }


def tally(plots: Sequence[Mapping[str, Any]]) -> str:
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


def _verdict(values: Mapping[str, float | None], higher: bool) -> str:
    selection, low, high = values["selection"], values["random_low"], values["random_high"]
    if selection is None or low is None or high is None:
        return ""
    if low <= selection <= high:
        return "within"
    return "better" if (selection > high) == higher else "worse"


def bars(counts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return label, shares of pool and selection, and bar widths in percent of the largest share: top 20, then the rest."""
    rows = [
        {"label": str(row["label"]), "pool": int(row["pool"]), "selection": int(row["selection"])} for row in counts
    ]
    rest = rows[BARS:]
    if len(rest) > 1:
        others = {key: sum(int(str(row[key])) for row in rest) for key in ("pool", "selection")}
        rows = [*rows[:BARS], {"label": f"{len(rest)} others", **others}]
    return _shares(rows)


def histogram(bins: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return from, to, counts, shares and bar heights in percent of the largest share, bin by bin."""
    rows = [
        {"from": row["from"], "to": row["to"], "pool": int(row["pool"]), "selection": int(row["selection"])}
        for row in bins
    ]
    return _shares(rows)


def _shares(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    totals = {key: max(sum(row[key] for row in rows), 1) for key in ("pool", "selection")}
    largest = max((row[key] / totals[key] for row in rows for key in totals), default=0) or 1
    for row in rows:
        for key, total in totals.items():
            row[f"{key}_share"] = row[key] / total
            row[f"{key}_size"] = round(100 * row[key] / total / largest, 3)
    return rows


def with_shares(rows: Sequence[Mapping[str, Any]], key: str) -> list[dict[str, Any]]:
    """Return the rows with ``size``: percent of the largest value of ``key``."""
    largest = max((row.get(key) or 0 for row in rows), default=0) or 1
    return [{**row, "size": round(100 * (row.get(key) or 0) / largest, 3)} for row in rows]


def curve(drawn: Mapping[str, Any]) -> dict[str, Any]:
    """Return the curve as a table per measure: name, and rows of budget, selection, random mean, low and high."""
    budgets = drawn.get("budgets") or []
    tables = [
        {
            "name": name,
            "rows": [[budget, *(_at(series, key, i) for key in _SERIES)] for i, budget in enumerate(budgets)],
        }
        for name, series in (drawn.get("measures") or {}).items()
    ]
    return {"label": drawn.get("x label") or "rows chosen", "tables": tables if budgets else []}


_SERIES = ("selection", "random_mean", "random_low", "random_high")


def _at(series: Mapping[str, Any], key: str, i: int) -> float | None:
    values = series.get(key) or []
    return _known(values[i]) if i < len(values) else None


def _known(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
