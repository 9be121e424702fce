"""One self-contained HTML page of a run: an interactive map, the proof beside random, and what fell and why.

The page makes no request, runs from a file, and shows hostile text as text: everything is escaped by the template, scripts
write ``textContent`` only, and the policy in the page's head allows exactly the scripts that stand here, by their hash.
``FIELDS`` is the schema of the summary and ``POINTS`` that of the map's table.
"""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import orjson
import pyarrow as pa
from markupsafe import Markup

from cuvee.reports import figures
from cuvee.reports.adaptation import adaptation
from cuvee.reports.forest import by_metric, forest
from cuvee.reports.plain import shown
from cuvee.reports.points import pack

FIELDS: dict[str, str] = {
    "title": "str: short name of the run, shown above the headline",
    "command": "str: the command that made the run",
    "rows": "dict of int: input, kept (chosen), dropped, quarantined, merged, free (clean, but beyond the budget). "
    "dropped may count the free rows or not: both add up to input and are told apart",
    "selection": "dict: method, budget, gain (what a pick's gain means), note (one sentence), and any other short fact",
    "sentence": "str: the result in one sentence, the page's headline; the title stands in where it is missing",
    "measures": "list of dict: name, what (one line), unit (text), higher_is_better (bool); pool, selection, random_mean, "
    "random_low, random_high (float or None; the last two are the range of the random draws)",
    "distributions": "dict: task and source, lists of {label, pool, selection}; length, a list of {from, to, pool, "
    "selection}; counts of rows. length_unit (str, default tokens)",
    "curve": "dict: 'x label', budgets (list of int), measures: name -> {selection, random_mean, random_low, random_high}, "
    "lists as long as budgets, None where unknown, keys may be missing",
    "scores": "list of dict: name, what (one line), higher_is_better (bool), nulls, tied, cut (shares; None where unknown), "
    "distinct (int), length (rank correlation with the answer's length, or None)",
    "drops": "list of dict: stage, reason, rows, examples: list of {id, text, detail, neighbour_id, neighbour_text}",
    "found": "list of dict: planted, what, planted_count, found_count, false_count (None where it has no meaning)",
    "proof": "dict: as proof.json of `cuvee prove`: metric, reference, unit, better, level, questions, tasks, seeds, arms; "
    "also: list of the same by further metrics",
    "mixture": "dict: name -> count or share, of a mixture of rows and blends",
    "shares": "list of {from, to, blends}: how many kept blends have a lambda from .. to",
    "blends": "list of dict: rank, weight (lambda, the left row's share), left and right {id, task, prompt, answer}, nearest: "
    "list of the same with distance",
    "adaptation": "dict: of `cuvee adapt`, as steps.adapted makes it",
    "warnings": "list of str: what a reader must know before believing the numbers",
    "settings": "dict: name -> value",
    "reproduce": "list of str: command lines",
    "versions": "dict: library -> version",
}
"""The keys of a summary and what each holds. Only the first four are expected; the page leaves out what is missing."""

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


def write(summary: Mapping[str, Any], points: pa.Table, path: Path) -> None:
    """Write the page of a run, whole or not at all; equal arguments give equal bytes.

    summary: see ``FIELDS``. points: see ``POINTS``; all chosen rows and a sample of the others are embedded.
    """
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(make(summary, points).encode("utf-8"))
    temporary.replace(path)


def make(summary: Mapping[str, Any], points: pa.Table) -> str:
    """Return the page as HTML; no larger than about 3 MB, however large the pool."""
    told: dict[str, Any] = shown(dict(summary))
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
        adaptation=adaptation(told.get("adaptation") or {}),
        bars=_bars(told.get("distributions") or {}),
        lengths=figures.histogram((told.get("distributions") or {}).get("length") or []),
        curve=figures.curve(told.get("curve") or {}),
        shares=figures.with_shares(told.get("shares") or [], "blends"),
        drops=figures.with_shares(told.get("drops") or [], "rows"),
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


def _bars(distributions: Mapping[str, Any]) -> list[dict[str, Any]]:
    named = [("task", "Tasks"), ("source", "Sources")]
    return [
        {"title": title, "bars": figures.bars(distributions[key])} for key, title in named if distributions.get(key)
    ]


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
