"""The files beside the training set: every new row with its parents, and every reply that made none."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import orjson

from cuvee import disk
from cuvee.distillation.fates import Aside
from cuvee.distillation.merge import Merged
from cuvee.intake.ground import Ground

DISTILLED, ASIDE = "distilled.jsonl", "aside.jsonl"


class DistilledRow(TypedDict):
    """A line of ``distilled.jsonl``: a new row. parents: ids of the weak rows. kept: whether it is in the training set."""

    id: str
    parents: list[str]
    rating: float
    rarity: float
    kept: bool
    question: str
    answer: str
    think: str


class AsideRow(TypedDict):
    """A line of ``aside.jsonl``: a cluster that became no new row. rows: ids of its weak rows."""

    cluster: int
    rows: list[str]
    reason: str
    rating: float | None
    reply: str


def distilled_rows(merged: Merged, read: int) -> list[DistilledRow]:
    """Return a line for every new row. read: rows of the source that were there before."""
    samples = merged.outcome.source.table.slice(read).select(["id", "parents"]).to_pylist()
    chosen = set(merged.outcome.selection.rows.tolist())
    return [
        {
            "id": sample["id"],
            "parents": sample["parents"],
            "rating": one.rating,
            "rarity": merged.tails[at],
            "kept": merged.first + at in chosen,
            "question": one.draft.row[0],
            "answer": one.draft.row[1],
            "think": one.draft.think,
        }
        for at, (sample, one) in enumerate(zip(samples, merged.new.rows, strict=True))
    ]


def aside_rows(ground: Ground, aside: Sequence[Aside]) -> list[AsideRow]:
    """Return a line for every cluster that became no new row."""
    ids = ground.pool.table["id"].to_pylist()
    return [
        {
            "cluster": one.cluster,
            "rows": [ids[at] for at in one.rows],
            "reason": one.why,
            "rating": one.rating,
            "reply": one.reply,
        }
        for one in aside
    ]


def write(rows: Sequence[DistilledRow | AsideRow], path: Path) -> None:
    """Write one JSON object per line."""
    disk.write(path, b"".join(orjson.dumps(row) + b"\n" for row in rows))
