"""The tables and the picture of what training showed, from docs/evidence.json: nothing else holds these figures."""

import json
from pathlib import Path
from typing import Any

from cuvee.reports.regimes import picture, said

HERE = Path(__file__).parent
PICTURE = HERE / "img/map.svg"


def evidence() -> dict[str, Any]:
    """Return name of a map -> what it showed; nothing where none was gathered."""
    path = HERE / "evidence.json"
    return json.loads(path.read_text()) if path.exists() else {}


def claims() -> list[list[object]]:
    """Return a line for every comparison that was written down beforehand."""
    rows = []
    for one in evidence().values():
        for told in one["primary"]:
            (regime,) = [regime for regime in one["regimes"] if regime["name"] == told["regime"]]
            found, half = told["found"], told["found"]["half"] or float("nan")
            arm, reference = (f"`{word}`" for word in told["primary"].split(">"))
            size = f"{regime['seeds']} pools, {one['settings']['half']} half"
            what = f"{found['difference']:+.3f} ± {half:.3f}"
            words = [f"`{one['plan']['file'].removeprefix('docs/plans/')}`", said(regime).split(" (n=")[0], size]
            rows.append([*words, f"{arm} > {reference}", what, f"{told['ratio']:.2f}", found["verdict"]])
    return rows


def beside() -> list[list[object]]:
    """Return a line for every arm of those maps: what it chose, and how it stands beside random, here and elsewhere."""
    rows = []
    for name, one in evidence().items():
        if not one["primary"]:
            continue
        for regime in one["regimes"]:
            luck = "" if regime["luck"] is None else f"{regime['luck']:.3f}"
            for arm in regime["arms"]:
                reached = f"{arm['tasks']:.1f}"
                line = [f"`{name.removeprefix('claims/')}`", f"`{arm['arm']}`", f"{arm['loss']:.3f}", reached]
                if arm["arm"] == "random":
                    rows.append([*line, f"luck {luck}" if luck else "", "", f"{arm['tokens']:,.0f}"])
                else:
                    rows.append([*line, _told(arm["known"]), _told(arm["unknown"]), f"{arm['tokens']:,.0f}"])
    return rows


def _told(found: dict[str, Any] | None) -> str:
    if found is None:
        return ""
    half = "" if found["half"] is None else f" ± {found['half']:.3f}"
    mark = "**" if found["verdict"] != "cannot tell" else ""
    return f"{mark}{found['difference']:+.3f}{half}{mark}"


def whole() -> list[dict[str, Any]]:
    """Return every regime that was charted, the same regime of several maps with the arms of all of them."""
    found = evidence()
    maps = [one for name, one in found.items() if name.startswith("map")] or list(found.values())
    return [regime for one in maps for regime in one["regimes"]]


def draw() -> str:
    """Return the map as an SVG."""
    return picture(whole())
