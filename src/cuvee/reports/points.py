"""The points of the map as a page carries them: typed arrays in base64, labels once, excerpts of some."""

import base64
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import orjson
import pyarrow as pa

from cuvee import rng
from cuvee.arrays import F64, I64, Bool
from cuvee.result.plain import text

POINTS = 20_000  # points in all, as long as this leaves LEAST for rows that were not chosen
LEAST = 5_000
CHOSEN = 40_000  # chosen rows at most, the best
CHOSEN_TEXTS, OTHER_TEXTS = 2_000, 6_000
CHOSEN_BYTES, OTHER_BYTES = 800_000, 1_000_000  # of excerpts, escaped: what bounds the page in any script
LABELS = 1_000  # different tasks or sources that keep their names
EXCERPT, OTHER_EXCERPT, LABEL = 300, 160, 80  # characters
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
    ids: list[str]


class MapData(MapColumns):
    """What ``map.js`` reads. texts, reasons: of the chosen rows, then of the others, as many as there is room for."""

    chosen: int
    k: int
    texts: list[list[str]]
    reasons: list[list[str]]


class FirstRow(TypedDict):
    """A row of the ranking as plain HTML shows it."""

    rank: int
    id: str
    task: str
    source: str
    text: str


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

    def first(self, k: int) -> list[FirstRow]:
        """Return the k best rows: rank, id, task, source, text; task and source are "" where there is none."""
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
                "text": data["texts"][0][at],
            }
            for at in range(shown)
        ]


def pack(points: pa.Table) -> Scatter:
    """Return the chosen rows, best first, and a sample of the others that depends on nothing but their number."""
    place = np.stack([_floats(points, "x"), _floats(points, "y")], axis=1)
    known = np.isfinite(place).all(axis=1)
    rank = np.nan_to_num(_floats(points, "rank")).astype(np.int64)
    chosen = np.flatnonzero(known & (rank > 0))
    chosen = chosen[np.argsort(rank[chosen], kind="stable")]
    others = np.flatnonzero(known & (rank <= 0))
    best = chosen[:CHOSEN]
    drawn = rng.stream(0, "map of the report").permutation(len(others))[: max(LEAST, POINTS - len(best))]
    rows = np.concatenate([best, others[drawn]]).astype(np.int64)
    excerpts = [
        _texts(points, best[:CHOSEN_TEXTS], EXCERPT, CHOSEN_BYTES),
        _texts(points, others[drawn[:OTHER_TEXTS]], OTHER_EXCERPT, OTHER_BYTES),
    ]
    data: MapData = {
        **_columns(points, rows, place[rows], rank),
        "chosen": len(best),
        "k": len(chosen),
        "texts": [texts for texts, _ in excerpts],
        "reasons": [reasons for _, reasons in excerpts],
    }
    nowhere, texts = int((~known).sum()), sum(len(texts) for texts, _ in excerpts)
    return Scatter(data, len(chosen), len(best), len(others), len(drawn), nowhere, texts)


def _columns(points: pa.Table, rows: I64, place: F64, rank: I64) -> MapColumns:
    status = np.array([STATUSES.index(name) for name in points["status"].to_pylist()], dtype=np.int64)
    chosen = rank > 0
    tasks, task_labels = _codes(points["task"], chosen)
    sources, source_labels = _codes(points["source"], chosen)
    xy = np.clip(place, 0.0, 1.0) * 65_535
    length = np.nan_to_num(_floats(points, "length"))[rows]
    return {
        "n": len(rows),
        "x": _base64(xy[:, 0].round(), "<u2"),
        "y": _base64(xy[:, 1].round(), "<u2"),
        "rank": _base64(rank[rows], "<u4"),
        "status": _base64(status[rows], "u1"),
        "task": _base64(tasks[rows], "<u2"),
        "source": _base64(sources[rows], "<u2"),
        "length": _base64(length, "<u4"),
        "statuses": [[name, int((status == code).sum())] for code, name in enumerate(STATUSES)],
        "tasks": task_labels,
        "sources": source_labels,
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


def _texts(points: pa.Table, rows: I64, most: int, size: int) -> tuple[list[str], list[str]]:
    """Return the excerpts and reasons, ``most`` characters of each, of as many rows as fit into ``size`` bytes."""
    taken = points.select(["text", "reason"]).take(pa.array(rows, pa.int64())).to_pylist()
    texts: list[str] = []
    reasons: list[str] = []
    for row in taken:
        excerpt, reason = _cut(row["text"] or "", most), _cut(row["reason"] or "", most)
        size -= len(orjson.dumps([excerpt, reason])) + 5 * sum(map((excerpt + reason).count, "<>&"))
        if size < 0:
            break
        texts.append(excerpt)
        reasons.append(reason)
    return texts, reasons


def _cut(value: str, most: int) -> str:
    return text(value if len(value) <= most else value[: most - 1] + "…")


def _floats(points: pa.Table, name: str) -> F64:
    return np.asarray(points[name].to_numpy(), dtype=np.float64)


def _base64(values: I64 | F64, dtype: str) -> str:
    return base64.b64encode(values.astype(dtype).tobytes()).decode()
