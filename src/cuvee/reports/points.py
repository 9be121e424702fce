"""The points of the map as a page carries them: typed arrays in base64, labels once, excerpts of some."""

import base64
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pyarrow as pa

from cuvee import rng
from cuvee.arrays import F64, I64, Bool
from cuvee.reports import excerpts
from cuvee.result.plain import text

POINTS = 20_000  # points in all, as long as this leaves LEAST for rows that were not chosen
LEAST = 5_000
CHOSEN = 40_000  # chosen rows at most, the best
LABELS = 1_000  # different tasks or sources that keep their names
LABEL, REASON = 80, 300  # characters
SCORES = 6  # whose values the page carries
SCORE = "score:"  # what the names of the map's columns of scores begin with
STEPS = 65_534  # values that a score is rounded to, over its range
STATUSES = ("kept", "free", "dropped", "quarantined", "merged")


LabelCount = list[str | int]  # a label, its rows, its chosen rows


class MapColumns(TypedDict):
    """One column per property of a point, in base64: uint16 places, uint32 ranks and lengths, codes of the lists."""

    n: int
    x: str
    y: str
    rank: str
    status: str
    task: str
    source: str
    length: str
    statuses: list[LabelCount]
    tasks: list[LabelCount]
    sources: list[LabelCount]
    reason: str
    reasons: list[LabelCount]
    ids: list[str]
    scores: list["ScoreColumn"]


class ScoreColumn(TypedDict):
    """A score of every point: uint16 steps from low to high in base64, 65,535 where it is null."""

    name: str
    low: float
    high: float
    values: str


class MapData(MapColumns):
    """What ``map.js`` reads. texts: [question, answer] of the chosen rows, then of the others; why: their reasons.

    whole: so many of the chosen rows' texts are not cut.
    """

    chosen: int
    k: int
    whole: int
    texts: list[list[list[str]]]
    why: list[list[str]]


class FirstRow(TypedDict):
    """A row of the ranking as plain HTML shows it."""

    rank: int
    id: str
    task: str
    source: str
    question: str
    answer: str


@dataclass(frozen=True)
class Scatter:
    """What the map needs. data: JSON-able, read by ``map.js``; the counts say what it leaves out."""

    data: MapData
    chosen: int  # of the run, with a place on the map
    chosen_drawn: int
    others: int
    others_drawn: int
    nowhere: int  # rows without a place on the map
    texts: int
    whole: int

    def first(self, k: int) -> list[FirstRow]:
        """Return the k best rows; task and source are "" where there is none."""
        data, tasks, sources = self.data, self.data["tasks"], self.data["sources"]
        shown = min(k, len(data["texts"][0]))
        codes = [np.frombuffer(base64.b64decode(column), "<u2") for column in (data["task"], data["source"])]
        ranks = np.frombuffer(base64.b64decode(data["rank"]), "<u4")
        return [
            {
                "rank": int(ranks[at]),
                "id": data["ids"][at],
                "task": str(tasks[codes[0][at]][0]) if codes[0][at] < len(tasks) else "",
                "source": str(sources[codes[1][at]][0]) if codes[1][at] < len(sources) else "",
                "question": data["texts"][0][at][0],
                "answer": data["texts"][0][at][1],
            }
            for at in range(shown)
        ]


def pack(points: pa.Table, read: excerpts.Read | None = None) -> Scatter:
    """Return the chosen rows, best first, and a sample of the others that depends on nothing but their number.

    read: what the rows say; without it their excerpts in the table stand in.
    """
    read = read or excerpts.from_table(points)
    place = np.stack([_floats(points, "x"), _floats(points, "y")], axis=1)
    known = np.isfinite(place).all(axis=1)
    rank = np.nan_to_num(_floats(points, "rank")).astype(np.int64)
    chosen = np.flatnonzero(known & (rank > 0))
    chosen = chosen[np.argsort(rank[chosen], kind="stable")]
    others = np.flatnonzero(known & (rank <= 0))
    best = chosen[:CHOSEN]
    drawn = others[rng.stream(0, "map of the report").permutation(len(others))[: max(LEAST, POINTS - len(best))]]
    rows = np.concatenate([best, drawn]).astype(np.int64)
    own, rest = excerpts.of_chosen(read, best), excerpts.of_others(read, drawn)
    data: MapData = {
        **_columns(points, rows, place[rows], rank),
        "chosen": len(best),
        "k": len(chosen),
        "whole": own.whole,
        "texts": [own.rows, rest.rows],
        "why": [_reasons(points, best[: len(own.rows)]), _reasons(points, drawn[: len(rest.rows)])],
    }
    texts = len(own.rows) + len(rest.rows)
    return Scatter(data, len(chosen), len(best), len(others), len(drawn), int((~known).sum()), texts, own.whole)


def _columns(points: pa.Table, rows: I64, place: F64, rank: I64) -> MapColumns:
    status = np.array([STATUSES.index(name) for name in points["status"].to_pylist()], dtype=np.int64)
    chosen = rank > 0
    tasks, task_labels = _codes(points["task"], chosen)
    sources, source_labels = _codes(points["source"], chosen)
    reasons, reason_labels = _codes(_kinds(points), chosen)
    xy = np.clip(place, 0.0, 1.0) * 65_535
    length = np.nan_to_num(_floats(points, "length"))[rows]
    return {
        "n": len(rows),
        "x": as_base64(xy[:, 0].round(), "<u2"),
        "y": as_base64(xy[:, 1].round(), "<u2"),
        "rank": as_base64(rank[rows], "<u4"),
        "status": as_base64(status[rows], "u1"),
        "task": as_base64(tasks[rows], "<u2"),
        "source": as_base64(sources[rows], "<u2"),
        "length": as_base64(length, "<u4"),
        "statuses": [[name, int((status == code).sum())] for code, name in enumerate(STATUSES)],
        "tasks": task_labels,
        "sources": source_labels,
        "reason": as_base64(reasons[rows], "<u2"),
        "reasons": reason_labels,
        "scores": [_score(points, name, rows) for name in points.column_names if name.startswith(SCORE)][:SCORES],
        "ids": [_cut(name, LABEL) for name in points["id"].take(pa.array(rows[: POINTS + LEAST])).to_pylist()],
    }


def _codes(column: pa.ChunkedArray, chosen: Bool) -> tuple[I64, list[LabelCount]]:
    """Return a code per row and [label, rows, chosen rows] per code: the largest shares of both first.

    65,535 stands for no label, and 65,534 for one that is too rare to be named.
    """
    encoded = column.combine_chunks().dictionary_encode()
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    names = [str(name) for name in encoded.dictionary.to_pylist()]
    found = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    counts = np.bincount(found[found >= 0], minlength=len(names))
    picked = np.bincount(found[chosen & (found >= 0)], minlength=len(names))
    weight = counts / max(counts.sum(), 1) + picked / max(picked.sum(), 1)
    order = sorted(range(len(names)), key=lambda code: (-weight[code], names[code]))[:LABELS]
    new = np.full(len(names) + 1, 65_534, dtype=np.int64)
    new[order] = np.arange(len(order))
    new[-1] = 65_535
    return new[found], [[_cut(names[code], LABEL), int(counts[code]), int(picked[code])] for code in order]


def _kinds(points: pa.Table) -> pa.ChunkedArray:
    """Return reasons without their figures: "near duplicate: 0.91 of ..." -> "near duplicate"."""
    kinds = points["kind"] if "kind" in points.column_names else points["reason"]
    return pa.chunked_array([[None if kind is None else kind.split(":")[0] for kind in kinds.to_pylist()]], pa.string())


def _score(points: pa.Table, name: str, rows: I64) -> ScoreColumn:
    values = _floats(points, name)
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    steps = (values[rows] - low) / (high - low or 1.0) * STEPS
    steps = np.where(np.isfinite(steps), np.clip(steps, 0, STEPS).round(), STEPS + 1)
    return {"name": text(name.removeprefix(SCORE)), "low": low, "high": high, "values": as_base64(steps, "<u2")}


def _reasons(points: pa.Table, rows: I64) -> list[str]:
    return [_cut(reason or "", REASON) for reason in points["reason"].take(pa.array(rows, pa.int64())).to_pylist()]


def _cut(value: str, most: int) -> str:
    return text(value if len(value) <= most else value[: most - 1] + "…")


def _floats(points: pa.Table, name: str) -> F64:
    return np.asarray(points[name].to_numpy(), dtype=np.float64)


def as_base64(values: I64 | F64, dtype: str) -> str:
    """Return numbers of a type as the scripts read them."""
    return base64.b64encode(values.astype(dtype).tobytes()).decode()
