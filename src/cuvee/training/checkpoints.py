"""Checkpoints of a training: which of them are whole, and which of them belong to it."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NotRequired, TypedDict

import orjson

from cuvee.runs import write_json
from cuvee.training.feeds import State

Curve = list[dict[str, float]]  # one entry per optimiser step: step (1 = first), loss, ...
MARK = "cuvee.json"  # written last: a checkpoint without it is a half-written one
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


def last(folder: Path, of: str) -> tuple[Path, Marked] | None:
    """Return the newest whole checkpoint of this training and what was marked with it, None where there is none."""
    whole: list[tuple[Path, Marked]] = [
        (path, orjson.loads((path / MARK).read_bytes())) for path in _all(folder) if (path / MARK).is_file()
    ]
    mine = [(path, content) for path, content in whole if content["of"] == of]
    return max(mine, key=lambda one: _step(one[0]), default=None)


def sweep(folder: Path, kept: Path | None) -> None:
    """Remove half-written checkpoints, those of other trainings, and those past the one that is gone on from."""
    for path in _all(folder):
        if kept is None or not (path / MARK).is_file() or _step(path) > _step(kept):
            shutil.rmtree(path, ignore_errors=True)


def _all(folder: Path) -> list[Path]:
    return [path for path in folder.glob("checkpoint-*") if path.name.rpartition("-")[2].isdigit()]


def _step(path: Path) -> int:
    return int(path.name.rpartition("-")[2])
