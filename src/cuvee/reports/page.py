"""One self-contained HTML page of a run: an interactive map, the proof beside random, and what fell and why.

The page makes no request, runs from a file, and shows hostile text as text: everything is escaped by the template, scripts
write ``textContent`` only, and the policy in the page's head allows exactly the scripts that stand here, by their hash.
``PageSummary`` is the schema of the summary and ``POINTS`` that of the map's table.
"""

import base64
import hashlib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TypedDict

import jinja2
import orjson
import pyarrow as pa
from markupsafe import Markup

from cuvee import disk
from cuvee.reports import figures
from cuvee.reports.adaptation import adaptation
from cuvee.reports.forest import by_metric, forest
from cuvee.reports.points import pack
from cuvee.result.measures import Distributions, DropRow
from cuvee.result.methods import ShareBin
from cuvee.result.plain import shown
from cuvee.result.summary import PageSummary

POINTS: dict[str, str] = {
    "id": "string",
    "x": "float in [0, 1]; null where the row has no place on the map",
    "y": "float in [0, 1]; likewise",
    "status": "string: kept, free (clean, not chosen), dropped, quarantined or merged",
    "rank": "int, 1 = best; null unless kept",
    "task": "string or null",
    "source": "string or null",
    "length": "int: characters",
    "reason": "string or null: why the row fell",
    "text": "string: an excerpt; at most 300 characters of it are shown",
}
"""The columns of the map's table."""

STYLES = ("page.css", "map.css", "charts.css")
SCRIPTS = ("start.js", "map.js", "explore.js", "charts.js", "run.js")
FIRST = 12  # rows of the ranking that are also written as plain HTML


class BarChart(TypedDict):
    """The bars of one column of the pool."""

    title: str
    bars: list[figures.DrawnBar]


class SizedBin(ShareBin):
    """A bin of lambda. size: percent of the largest."""

    size: float


class SizedDrop(DropRow):
    """Rows that fell. size: percent of the largest such group."""

    size: float


def write(summary: PageSummary, points: pa.Table, path: Path) -> None:
    """Write the page of a run, whole or not at all; equal arguments give equal bytes.

    points: see ``POINTS``; all chosen rows and a sample of the others are embedded.
    """
    disk.write_whole(path, make(summary, points).encode("utf-8"))


def make(summary: PageSummary, points: pa.Table) -> str:
    """Return the page as HTML; no larger than about 3 MB, however large the pool."""
    told = shown(summary)
    measures = [figures.range_plot(measure) for measure in told.get("measures") or []]
    scatter = pack(points)
    script = f"(() => {{\n'use strict';\n{''.join(map(asset, SCRIPTS))}\n}})();"
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    template = environment().get_template("page.html.jinja")
    return template.render(
        told=told,
        flow=figures.flow(told.get("rows") or {}),
        measures=measures,
        tally=figures.tally(measures),
        proofs=[(proof, forest(proof)) for proof in by_metric(told.get("proof") or {})],
        adaptation=adaptation(told.get("adaptation")),
        bars=_bars(told.get("distributions") or {}),
        lengths=figures.histogram((told.get("distributions") or {}).get("length") or []),
        curve=figures.curve(told.get("curve") or {}),
        shares=_shares(told.get("shares") or []),
        drops=_drops(told.get("drops") or []),
        scatter=scatter,
        first=scatter.first(FIRST),
        scatter_json=embedded(scatter.data),
        curve_json=embedded(told.get("curve") or {}),
        style=Markup("\n".join(map(asset, STYLES))),
        script=Markup(script),
        policy=f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'",
    )


def embedded(value: object) -> Markup:
    """Return JSON that is safe inside a script element: no "<", ">", "&", U+2028 or U+2029 is left as it is."""
    text = orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _bars(distributions: Distributions) -> list[BarChart]:
    named = (("Tasks", distributions.get("task")), ("Sources", distributions.get("source")))
    return [{"title": title, "bars": figures.bars(counts)} for title, counts in named if counts]


def _shares(bins: list[ShareBin]) -> list[SizedBin]:
    sizes = figures.percents([row["blends"] for row in bins])
    return [{**row, "size": size} for row, size in zip(bins, sizes, strict=True)]


def _drops(drops: list[DropRow]) -> list[SizedDrop]:
    sizes = figures.percents([row["rows"] for row in drops])
    return [{**row, "size": size} for row, size in zip(drops, sizes, strict=True)]


@cache
def asset(name: str) -> str:
    """Return a file of this package: a template, a style sheet or a script."""
    return resources.files("cuvee.reports").joinpath(name).read_text(encoding="utf-8")


@cache
def environment() -> jinja2.Environment:
    """Return the environment of our templates; every variable is escaped, and an unknown name is a defect of ours."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(asset),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["number"] = figures.number
    environment.filters["breakable"] = figures.breakable
    environment.filters["share"] = figures.share
    return environment
