"""A batch of rows and blends: both sides' ids, labels and masks, and lambda. Imports torch; import it late."""

from collections.abc import Sequence

import numpy as np
import torch

from cuvee.arrays import F32, I64
from cuvee.render import Encoded
from cuvee.training.batches import IGNORED
from cuvee.training.material import Tensors
from cuvee.training.meeting import Spans, shifts, widths
from cuvee.training.mixture import Mixture

ITEMS = "items"
_EMPTY = Encoded(np.empty(0, dtype=np.int32), np.empty(0, dtype=bool))


def collate_mixture(
    entries: Mixture, rows: Sequence[Encoded], spans: Spans, pad: int, factor: F32 | None = None
) -> Tensors:
    """Return a batch of entries, padded on the right to the longest of all.

    left_ids, right_ids (b, m); left_mask, right_mask (b, m), 1 where that side has a token; left_labels, right_labels (b, m),
    IGNORED outside that side's answers; weight (b,) lambda; factor (b,) how much an entry's loss counts (1 unless given);
    items: the answer tokens of the batch, each counted by its share, ``items_of``. A row that stands alone (a real row, or
    lambda 1 or 0) has an empty right side and lambda 1. spans: of the rows; they say how far a side is moved right
    (``meeting.shifts``), so that column 0 is the first token of one of the two: positions count from it, as the model
    counts by itself. No entries: a pass that adds nothing.
    """
    moved, entries = shifts(entries, spans), entries.plain()
    right = [_EMPTY if alone else rows[row] for row, alone in zip(entries.right, entries.real, strict=True)]
    sides = {"left": [rows[row] for row in entries.left], "right": right}
    width = int(widths(entries, spans).max(initial=1))
    tensors = {
        "weight": torch.from_numpy(_filled(entries.weight)),
        "factor": torch.from_numpy(_filled(np.ones(len(entries), dtype=np.float32) if factor is None else factor)),
        ITEMS: torch.tensor(float(items_of(entries, rows).sum()), dtype=torch.float64),
    }
    for by, (name, side) in zip(moved, sides.items(), strict=True):
        tensors |= _side(name, side, by, width, pad)
    return tensors


def _filled(values: F32) -> F32:
    """Return the values as float32, one of them where there are none."""
    return np.asarray(values if len(values) else np.ones(1), dtype=np.float32)


def _side(name: str, rows: Sequence[Encoded], moved: I64, width: int, pad: int) -> Tensors:
    """Return one side's tensors, (b, width) each; without rows one that has one token and no label."""
    shape = (max(1, len(rows)), width)
    ids, labels, mask = np.full(shape, pad, np.int64), np.full(shape, IGNORED, np.int64), np.zeros(shape, np.int64)
    mask[:, 0] = not rows
    for at, (row, start) in enumerate(zip(rows, moved, strict=True)):
        here = slice(start, start + len(row))
        ids[at, here], mask[at, here] = row.ids, 1
        labels[at, here] = np.where(row.answer, row.ids, IGNORED)
        labels[at, start : start + 1] = IGNORED  # a row's own first token follows nothing of its own
    parts = {"ids": ids, "labels": labels, "mask": mask}
    return {f"{name}_{part}": torch.from_numpy(values) for part, values in parts.items()}


def items_of(entries: Mixture, rows: Sequence[Encoded]) -> F32:
    """Return (m,) answer tokens that an entry is told: lambda times the left row's and 1 - lambda times the right row's.

    A row's very first token is never told, as nothing stands before it. For a real row this is the plain count.
    """
    told: I64 = np.zeros(len(rows), dtype=np.int64)
    for row in entries.rows():
        told[row] = rows[row].answer[1:].sum()
    items: F32 = np.where(
        entries.real,
        told[entries.left],
        entries.weight * told[entries.left] + (1 - entries.weight) * told[entries.right],
    )
    return items
