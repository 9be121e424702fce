"""The page of ``cuvee evaluate``: what a model knows, task by task, and what it said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from cuvee.reports import excerpts, frame
from cuvee.result.plain import shown
from cuvee.result.proofs import EvaluationFigures, MeanRow

STYLES, SCRIPTS = ("compare.css",), ("start.js", "lists.js", "simple.js")
BYTES = 1_200_000  # of what was asked and said, escaped
SURE = 1.96  # standard errors of an interval that holds 95 times of 100, were the means normal


class ShownAnswer(TypedDict):
    """A question, what the model said, what is right. verdict: right, wrong, or "" where nothing can tell."""

    task: str
    id: str
    question: str
    answer: str
    right: str
    verdict: str


class MeasureMeans(TypedDict):
    """One measure over every task. share: whether it is a share of questions. rows: with bars in percent."""

    name: str
    what: str
    better: str
    share: bool
    rows: list["DrawnMean"]


class DrawnMean(MeanRow):
    """A mean as a bar; size, low, high: in percent of the scale."""

    size: float
    low: float
    high: float
    overall: bool


@dataclass(frozen=True)
class Evaluated:
    """What the page shows. told: as ``summary.json`` has it. measures: name -> what it says. overall: names of the sums."""

    told: EvaluationFigures
    said: Sequence[ShownAnswer]
    measures: Mapping[str, str]
    overall: Sequence[str]
    command: str
    typed: Mapping[str, object]
    versions: Mapping[str, str]


def write(seen: Evaluated, path: Path, costs: Sequence[frame.StepCost] = ()) -> None:
    """Write the page, whole or not at all; equal arguments give equal bytes."""
    frame.write(make(seen, costs), path)


def make(seen: Evaluated, costs: Sequence[frame.StepCost] = ()) -> str:
    """Return the page as HTML."""
    figures, said = shown(seen.told), _fitting(seen.said)
    told = {
        "title": "What the model knows",
        "sentence": f"{seen.told['model']} on {seen.told['questions']:,} questions.",
        "warnings": seen.told["notes"],
        "command": seen.command,
        "settings": {name: value for name, value in seen.typed.items() if value not in (None, "", [], False)},
        "versions": dict(seen.versions),
    }
    return frame.render(
        "evaluation.html.jinja",
        shown(told),
        styles=STYLES,
        scripts=SCRIPTS,
        costs=costs,
        facts={},
        measures=by_measure(figures["means"], seen.measures, seen.overall),
        against=figures["against"],
        said=said,
        asked=len(seen.said),
    )


def by_measure(means: Sequence[MeanRow], what: Mapping[str, str], overall: Sequence[str]) -> list[MeasureMeans]:
    """Return every measure with its means, those over all questions first, as bars with intervals of 95 %."""
    found: list[MeasureMeans] = []
    for name in dict.fromkeys(row["measure"] for row in means):
        rows = [row for row in means if row["measure"] == name]
        share = all(0 <= row["mean"] <= 1 for row in rows) and rows[0]["higher_is_better"]
        top = 1.0 if share else max(row["mean"] + SURE * (row["se"] or 0) for row in rows) or 1.0
        rows = sorted(rows, key=lambda row: row["task"] not in overall)
        found.append(
            {
                "name": name.replace("_", " "),
                "what": what.get(name, ""),
                "better": "higher" if rows[0]["higher_is_better"] else "lower",
                "share": share,
                "rows": [_drawn(row, top, row["task"] in overall) for row in rows],
            }
        )
    return found


def _drawn(row: MeanRow, top: float, overall: bool) -> DrawnMean:
    def percent(value: float) -> float:
        return round(100 * min(max(value / top, 0.0), 1.0), 2)

    half = SURE * (row["se"] or 0.0)
    return {
        **row,
        "size": percent(row["mean"]),
        "low": percent(row["mean"] - half),
        "high": percent(row["mean"] + half),
        "overall": overall,
    }


def _fitting(said: Sequence[ShownAnswer]) -> list[ShownAnswer]:
    """Return the first of them that a page has room for."""
    found: list[ShownAnswer] = []
    room = BYTES
    for one in shown(list(said)):
        room -= excerpts.size_of(list(map(str, one.values())))
        if room < 0:
            break
        found.append(one)
    return found
