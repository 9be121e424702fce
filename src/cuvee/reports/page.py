"""One self-contained HTML page of a run: an interactive map, the proof beside random, and what fell and why.

The page makes no request, runs from a file, and shows hostile text as text: everything is escaped by the template, scripts
write ``textContent`` only, and the policy in the page's head allows exactly the scripts that stand here, by their hash.
``PageSummary`` is the schema of the summary and ``POINTS`` that of the map's table.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import pyarrow as pa

from cuvee.reports import excerpts, figures, frame
from cuvee.reports.adaptation import adaptation
from cuvee.reports.forest import by_metric, forest
from cuvee.reports.points import pack
from cuvee.result.measures import Distributions, DropRow, LengthBin, ScoreRow
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
    "kind": "string or null: the kind of its reason, where that has figures",
    "text": "string: an excerpt, for rows of which nothing else is known",
}
"""The columns of the map's table. It may have more: "score:NAME", float or null, for each score."""

STYLES = ("map.css", "rows.css")
SCRIPTS = ("start.js", "map.js", "explore.js", "filters.js", "rows.js", "lasso.js", "charts.js", "run.js")
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


class ScoreBins(TypedDict):
    """The histogram of a score."""

    title: str
    bins: list[figures.DrawnBin]


def write(
    summary: PageSummary,
    points: pa.Table,
    path: Path,
    *,
    read: excerpts.Read | None = None,
    costs: Sequence[frame.StepCost] = (),
) -> None:
    """Write the page of a run, whole or not at all; equal arguments give equal bytes.

    points: see ``POINTS``; all chosen rows and a sample of the others are embedded. read: what the rows of it say.
    """
    frame.write(make(summary, points, read=read, costs=costs), path)


def make(
    summary: PageSummary,
    points: pa.Table,
    *,
    read: excerpts.Read | None = None,
    costs: Sequence[frame.StepCost] = (),
) -> str:
    """Return the page as HTML; no larger than about 3 MB, however large the pool."""
    told = shown(summary)
    measures = [figures.range_plot(measure) for measure in told.get("measures") or []]
    scatter = pack(points, read)
    return frame.render(
        "page.html.jinja",
        told,
        styles=STYLES,
        scripts=SCRIPTS,
        costs=costs,
        facts=frame.selection_facts(told.get("selection")),
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
        score_bins=_score_bins(told.get("scores") or []),
        scatter=scatter,
        first=scatter.first(FIRST),
        scatter_json=frame.embedded(scatter.data),
        curve_json=frame.embedded(told.get("curve") or {}),
    )


def _bars(distributions: Distributions) -> list[BarChart]:
    named = (("Tasks", distributions.get("task")), ("Sources", distributions.get("source")))
    return [{"title": title, "bars": figures.bars(counts)} for title, counts in named if counts]


def _shares(bins: list[ShareBin]) -> list[SizedBin]:
    sizes = figures.percents([row["blends"] for row in bins])
    return [{**row, "size": size} for row, size in zip(bins, sizes, strict=True)]


def _drops(drops: list[DropRow]) -> list[SizedDrop]:
    sizes = figures.percents([row["rows"] for row in drops])
    return [{**row, "size": size} for row, size in zip(drops, sizes, strict=True)]


def _score_bins(scores: list[ScoreRow]) -> list[ScoreBins]:
    found: list[tuple[str, list[LengthBin]]] = [(row["name"], row.get("bins") or []) for row in scores]
    return [{"title": name, "bins": figures.histogram(bins)} for name, bins in found if bins]
