"""A batch of rows and blends: both sides' ids, labels and masks, and lambda. Imports torch; import it late."""

from collections.abc import Sequence

import numpy as np
import torch

from cuvee.arrays import F32, I64
from cuvee.render import Encoded
from cuvee.training.batches import IGNORED
from cuvee.training.material import Tensors
from cuvee.training.mixture import Mixture

ITEMS = "items"


def collate_mixture(entries: Mixture, rows: Sequence[Encoded], pad: int) -> Tensors:
    """Return a batch of entries, padded on the right to the longest side of all.

    left_ids, right_ids (b, m); left_mask, right_mask (b, m), 1 where that side has a token; left_labels, right_labels (b, m),
    IGNORED outside that side's answers; weight (b,) lambda; items: the answer tokens of the batch, each counted by its share,
    ``items_of``. A real row has an empty right side and lambda 1. No entries: a pass that adds nothing.
    """
    blend = ~entries.real
    empty = Encoded(np.empty(0, dtype=np.int32), np.empty(0, dtype=bool))
    left = [rows[row] for row in entries.left]
    right = [rows[row] if mixed else empty for row, mixed in zip(entries.right, blend, strict=True)]
    width = max((len(row) for row in (*left, *right)), default=1)
    weight = np.where(blend, entries.weight, 1.0).astype(np.float32) if len(entries) else np.ones(1, dtype=np.float32)
    tensors = {"weight": torch.from_numpy(weight)}
    for name, side in (("left", left), ("right", right)):
        tensors |= _side(name, side, width, pad)
    tensors[ITEMS] = torch.tensor(float(items_of(entries, rows).sum()), dtype=torch.float64)
    return tensors


def _side(name: str, rows: Sequence[Encoded], width: int, pad: int) -> Tensors:
    """Return one side's tensors, (b, width) each; without rows one that has one token and no label."""
    shape = (max(1, len(rows)), width)
    ids, labels, mask = np.full(shape, pad, np.int64), np.full(shape, IGNORED, np.int64), np.zeros(shape, np.int64)
    mask[:, 0] = not rows
    for at, row in enumerate(rows):
        ids[at, : len(row)], mask[at, : len(row)] = row.ids, 1
        labels[at, : len(row)] = np.where(row.answer, row.ids, IGNORED)
    parts = {"ids": ids, "labels": labels, "mask": mask}
    return {f"{name}_{part}": torch.from_numpy(values) for part, values in parts.items()}


def items_of(entries: Mixture, rows: Sequence[Encoded]) -> F32:
    """Return (m,) answer tokens that an entry is told: lambda times the left row's and 1 - lambda times the right row's.

    A row's very first token is never told, as nothing stands before it. For a real row this is the plain count.
    """
    told: I64 = np.array([int(row.answer[1:].sum()) for row in rows], dtype=np.int64)
    items: F32 = np.where(
        entries.real,
        told[entries.left],
        entries.weight * told[entries.left] + (1 - entries.weight) * told[entries.right],
    )
    return items


def lengths_of(entries: Mixture, rows: Sequence[Encoded]) -> I64:
    """Return (m,) tokens that an entry takes in a pass: those of its longer row."""
    tokens = np.array([len(row) for row in rows], dtype=np.int64)
    return np.maximum(tokens[entries.left], tokens[entries.right])
