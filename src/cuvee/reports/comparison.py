"""One page of two runs: what came, what went, how they lie beside random rows, and both maps side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np
import pyarrow as pa

from cuvee import rng
from cuvee.arrays import F64, I64
from cuvee.reports import excerpts, figures, frame
from cuvee.reports.points import POINTS, as_base64
from cuvee.result.measures import LabelBar, MeasureRow
from cuvee.result.plain import shown, text

STYLES, SCRIPTS = ("compare.css",), ("start.js", "lists.js", "compare.js", "simple.js")
SHOWN = 2_000  # rows of a list whose texts the page carries, at most
IN_A, IN_B = 1, 2  # bits of a point's code


class RunPair(TypedDict):
    """Two runs, A and B, told together. names: of the run folders. counts: chosen rows by where they are."""

    title: str
    sentence: str
    warnings: list[str]
    names: list[str]
    counts: dict[str, int]
    measures: list[list[MeasureRow]]
    tasks: list[LabelBar]  # pool: chosen by A; selection: by B
    sources: list[LabelBar]
    asked: list[list[str]]  # option, in A, in B: those that differ
    reproduce: list[str]
    versions: dict[str, str]


@dataclass(frozen=True)
class Both:
    """The rows of both runs. read: tells what rows of the table say.

    table: id, task, source; x_a, y_a, x_b, y_b (NaN where a run has no place for it); rank_a, rank_b (0: not chosen).
    """

    table: pa.Table
    read: excerpts.Read


class Moved(TypedDict):
    """A row that one of the runs chose alone."""

    id: str
    rank: int
    task: str
    source: str
    question: str
    answer: str


class MeasurePair(TypedDict):
    """A measure in both runs. word: which of them is better by it, "" where that has no meaning."""

    name: str
    what: str
    unit: str
    a: float | None
    b: float | None
    word: str


def write(told: RunPair, both: Both, path: Path) -> None:
    """Write the page, whole or not at all; equal arguments give equal bytes."""
    frame.write(make(told, both), path)


def make(told: RunPair, both: Both) -> str:
    """Return the page as HTML."""
    ranks = [both.table[name].to_numpy() for name in ("rank_a", "rank_b")]
    came = _moved(both, ranks[1], np.flatnonzero((ranks[1] > 0) & (ranks[0] == 0)))
    went = _moved(both, ranks[0], np.flatnonzero((ranks[0] > 0) & (ranks[1] == 0)))
    safe = shown(told)
    return frame.render(
        "comparison.html.jinja",
        safe,
        styles=STYLES,
        scripts=SCRIPTS,
        facts={"A": safe["names"][0], "B": safe["names"][1], **safe["counts"]},
        pairs=pairs(*safe["measures"]),
        bars=[{"title": title, "bars": figures.bars(rows)} for title, rows in _labels(safe) if rows],
        lists=[
            ("came", "Only in B", came, safe["counts"]["only in B"]),
            ("went", "Only in A", went, safe["counts"]["only in A"]),
        ],
        data=frame.embedded(_drawn(both.table, ranks)),
    )


def _labels(told: RunPair) -> list[tuple[str, list[LabelBar]]]:
    return [("Tasks", told["tasks"]), ("Sources", told["sources"])]


def pairs(a: Sequence[MeasureRow], b: Sequence[MeasureRow]) -> list[MeasurePair]:
    """Return every measure that either run has, the values of both, and which is better by it."""
    known = {row["name"]: row for row in b}
    found: list[MeasurePair] = []
    for row in [*a, *(row for name, row in known.items() if name not in {one["name"] for one in a})]:
        other = known.get(row["name"])
        first = row["selection"] if row in a else None
        second = other["selection"] if other else None
        found.append(
            {
                "name": row["name"],
                "what": row["what"],
                "unit": row["unit"],
                "a": first,
                "b": second,
                "word": _better(row, first, second),
            }
        )
    return found


def _better(row: MeasureRow, a: float | None, b: float | None) -> str:
    if a is None or b is None or row["random_mean"] is None:
        return ""
    if a == b:
        return "alike"
    return "A" if (a > b) == row["higher_is_better"] else "B"


def _moved(both: Both, rank: I64, rows: I64) -> list[Moved]:
    """Return rows by their rank, as many as the page has room for."""
    rows = rows[np.argsort(rank[rows], kind="stable")]
    texts = excerpts.of_chosen(both.read, rows[:SHOWN]).rows
    lines = both.table.select(["id", "task", "source"]).take(pa.array(rows[: len(texts)], pa.int64())).to_pylist()
    return [
        {
            "id": text(line["id"]),
            "rank": int(rank[row]),
            "task": text(line["task"] or ""),
            "source": text(line["source"] or ""),
            "question": question,
            "answer": answer,
        }
        for row, line, (question, answer) in zip(rows, lines, texts, strict=False)
    ]


def _drawn(table: pa.Table, ranks: Sequence[I64]) -> dict[str, object]:
    """Return both maps: places and codes (bit 1: chosen by A, bit 2: by B), the chosen rows all, of the others a sample."""
    code = IN_A * (ranks[0] > 0) + IN_B * (ranks[1] > 0)
    others = np.flatnonzero(code == 0)
    drawn = others[rng.stream(0, "map of the report").permutation(len(others))[:POINTS]]
    rows = np.concatenate([drawn, np.flatnonzero(code > 0)[:POINTS]]).astype(np.int64)
    places = {name: as_base64(_steps(table[name].to_numpy()[rows]), "<u2") for name in ("x_a", "y_a", "x_b", "y_b")}
    return {"n": len(rows), "code": as_base64(code[rows].astype(np.int64), "u1"), **places}


def _steps(values: F64) -> F64:
    """Return places as uint16 steps; 65,535 where there is none."""
    return np.where(np.isfinite(values), np.clip(values, 0, 1) * 65_534, 65_535).round()
