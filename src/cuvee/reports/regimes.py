"""The map as a picture: a line for each regime, a column for each arm, a colour for better, worse or cannot tell."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

COLOURS = {"better": "#b7e1c1", "worse": "#f3c1b8", "cannot tell": "#eeeeee"}
LEFT, WIDE, HIGH, TOP = 330, 118, 24, 46
FONT = 'font-family="system-ui,sans-serif" font-size="12"'


def picture(regimes: Sequence[Mapping[str, Any]], reference: str = "random") -> str:
    """Return an SVG. regimes: as ``regimes.chart.ChartedRegime``; an arm that a regime lacks has no cell there."""
    arms = list(dict.fromkeys(arm["arm"] for one in regimes for arm in one["arms"] if arm["arm"] != reference))
    width, height = LEFT + WIDE * len(arms) + 8, TOP + HIGH * len(regimes) + 30
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" {FONT}>']
    parts.append(f'<rect width="{width}" height="{height}" fill="white"/>')
    for at, arm in enumerate(arms):
        parts += _heading(arm, LEFT + WIDE * at)
    for row, one in enumerate(regimes):
        y = TOP + HIGH * row
        parts.append(f'<text x="6" y="{y + 16}">{escape(said(one))}</text>')
        found = {arm["arm"]: arm["known"] for arm in one["arms"]}
        for at, arm in enumerate(arms):
            if arm in found:
                parts += _cell(found[arm], LEFT + WIDE * at, y)
    parts.append(
        f'<text x="6" y="{height - 9}" fill="#666">nats per answer token better than {reference} ± half of the 95 % '
        "interval; green: better, red: worse, grey: cannot tell</text></svg>"
    )
    return "\n".join(parts) + "\n"


def said(one: Mapping[str, Any]) -> str:
    """Return a regime in words."""
    imbalance = {0: "equal tasks", 0.5: "moderate", 1: "Zipf"}.get(one["imbalance"], f"rank^-{one['imbalance']:g}")
    spoiled = [f"{one[name]:.0%} {word}" for name, word in (("duplicates", "copies"), ("noise", "noise")) if one[name]]
    rows = f"{one['per_task']:g} row{'' if one['per_task'] == 1 else 's'} a task"
    return ", ".join([imbalance, *spoiled, rows]) + f" (n={one['seeds']})"


def _heading(arm: str, x: int) -> list[str]:
    words = arm.split(":", 1)
    lines = [words[0], *(words[1:] and [words[1] if len(words[1]) < 21 else words[1][:19] + "…"])]
    return [f'<text x="{x + 4}" y="{16 + 15 * at}">{escape(line)}</text>' for at, line in enumerate(lines)]


def _cell(found: Mapping[str, Any], x: int, y: int) -> list[str]:
    half = "" if found["half"] is None else f" ± {found['half']:.3f}"
    box = f'<rect x="{x}" y="{y}" width="{WIDE - 2}" height="{HIGH - 2}" fill="{COLOURS[found["verdict"]]}"/>'
    return [box, f'<text x="{x + 4}" y="{y + 16}">{found["difference"]:+.3f}{half}</text>']
