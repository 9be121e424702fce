"""What every page shares: the templates, the style, the policy that lets nothing in, and the way to the disk."""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TypedDict

import jinja2
import orjson
from markupsafe import Markup

from cuvee import disk
from cuvee.reports import figures
from cuvee.result.summary import SelectionFacts
from cuvee.runs import Step
from cuvee.version import VERSION

STYLES = ("page.css", "charts.css")
SCRIPTS = ("start.js", "simple.js")
BESIDE = ("note", "gain")  # facts of a selection that stand elsewhere


class StepCost(TypedDict):
    """What the steps of one name took. seconds: in all. peak_mb: of the largest. times: how many they were."""

    step: str
    seconds: float
    peak_mb: float
    times: int


class DrawnCost(StepCost):
    """The same as a bar; size: percent of the longest."""

    size: float


def costs_of(steps: Iterable[Step]) -> list[StepCost]:
    """Return what the steps of a run took, by name, in the order of the first of each name."""
    found: dict[str, StepCost] = {}
    for step in steps:
        one = found.setdefault(step.name, {"step": step.name, "seconds": 0.0, "peak_mb": 0.0, "times": 0})
        one["seconds"] += step.seconds
        one["peak_mb"] = max(one["peak_mb"], step.peak_mb)
        one["times"] += 1
    return list(found.values())


def render(
    template: str,
    told: Mapping[str, object],
    *,
    styles: Sequence[str] = (),
    scripts: Sequence[str] = SCRIPTS,
    costs: Sequence[StepCost] = (),
    **values: object,
) -> str:
    """Return a page. told: a summary that may be shown as it is. values: what else the template needs.

    styles, scripts: files of this package; no other script runs in the page.
    """
    script = f"(() => {{\n'use strict';\n{''.join(map(asset, scripts))}\n}})();"
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    again = any(told.get(name) for name in ("settings", "reproduce", "versions", "command"))
    return (
        environment()
        .get_template(template)
        .render(
            told=told,
            again=again,
            facts=values.pop("facts", {}),
            costs=_drawn(costs),
            version=VERSION,
            style=Markup("\n".join(map(asset, (*STYLES, *styles)))),
            script=Markup(script),
            policy=f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'; "
            "base-uri 'none'; form-action 'none'",
            **values,
        )
    )


def write(page: str, path: Path) -> None:
    """Write a page, whole or not at all."""
    disk.write_whole(path, page.encode("utf-8"))


def selection_facts(facts: SelectionFacts | None) -> dict[str, object]:
    """Return the facts that the header shows, in their order."""
    return {name: value for name, value in (facts or {}).items() if name not in BESIDE}


def embedded(value: object) -> Markup:
    """Return JSON that is safe inside a script element: no "<", ">", "&", U+2028 or U+2029 is left as it is."""
    text = orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _drawn(costs: Sequence[StepCost]) -> list[DrawnCost]:
    sizes = figures.percents([cost["seconds"] for cost in costs])
    return [{**cost, "size": size} for cost, size in zip(costs, sizes, strict=True)]


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
