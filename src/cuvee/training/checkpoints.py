"""Checkpoints of a training: which of them are whole, and which of them belong to it."""

from collections.abc import Mapping
from pathlib import Path
from typing import NotRequired, TypedDict

import orjson

from cuvee import disk
from cuvee.disk import sums
from cuvee.progress import say
from cuvee.runs import write_json
from cuvee.training.feeds import State

Curve = list[dict[str, float]]  # one entry per optimiser step: step (1 = first), loss, ...
MARK = "cuvee.json"  # with it and checksums, which are written last, a checkpoint is whole
KEPT = 2


class Marked(TypedDict):
    """What was marked with a checkpoint. of: what the training depends on. seconds, feed: of the trainings by a feed."""

    of: str
    curve: Curve
    seconds: NotRequired[float]
    feed: NotRequired[State]


def mark(folder: Path, of: str, content: Mapping[str, object]) -> None:
    """Say that a checkpoint is whole. of: what the training depends on, as one hash. content: JSON-able."""
    write_json(folder / MARK, {"of": of, **content})
    sums.seal(folder)
    disk.settle(folder)


def last(folder: Path, of: str) -> tuple[Path, Marked] | None:
    """Return the newest whole checkpoint of this training and what was marked with it, None where there is none.

    A damaged one is told and passed over.
    """
    for path in sorted((path for path in _all(folder) if _is_whole(path)), key=_step, reverse=True):
        if wrong := sums.damage(path):
            say(f"damaged   {wrong}: going on from an earlier checkpoint, if there is one")
            continue
        content: Marked = orjson.loads((path / MARK).read_bytes())
        if content["of"] == of:
            return path, content
    return None


def sweep(folder: Path, kept: Path | None) -> None:
    """Remove half-written checkpoints, those of other trainings, and those past the one that is gone on from."""
    for path in _all(folder):
        if kept is None or not _is_whole(path) or _step(path) > _step(kept):
            disk.remove_folder(path)


def _all(folder: Path) -> list[Path]:
    return [path for path in folder.glob("checkpoint-*") if path.name.rpartition("-")[2].isdigit()]


def _is_whole(path: Path) -> bool:
    return (path / sums.SUMS).is_file()


def _step(path: Path) -> int:
    return int(path.name.rpartition("-")[2])
