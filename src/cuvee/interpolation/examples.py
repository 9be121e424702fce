"""What a blend means to a person: both rows, lambda, and the real rows that lie nearest to its vector."""

import numpy as np

from cuvee import render
from cuvee.arrays import F32, I64
from cuvee.geometry.distances import blocks
from cuvee.intake.ground import Ground
from cuvee.result.methods import BlendRow, BlendSide
from cuvee.training.mixture import Mixture

EXAMPLES = 12
NEAREST = 3
EXCERPT = 300  # characters
ROWS = 16_384


def examples(ground: Ground, X: F32, tasks: list[str], kept: Mixture) -> list[BlendRow]:
    """Return the first blends and others evenly spaced over the ranking, as many in all as there is room for on a page.

    rank, lambda (share of the left row), left and right (id, task, text), nearest: rows of the pool other than its own by
    their distance to the blend's vector, with the distances to its own two.
    """
    blends = np.flatnonzero(~kept.real)
    half = blends[: EXAMPLES // 2]
    rest = blends[len(half) :]
    spaced = (
        rest[np.linspace(0, len(rest) - 1, min(len(rest), EXAMPLES - len(half))).astype(int)] if len(rest) else rest
    )
    chosen = np.concatenate([half, spaced]).astype(np.int64)
    shown = kept[chosen]
    near, distance = _nearest(X, shown)
    row = _RowTexts(ground, tasks)
    found: list[BlendRow] = []
    for at, place in enumerate(chosen):
        left, right = int(shown.left[at]), int(shown.right[at])
        others = [(int(i), float(d)) for i, d in zip(near[at], distance[at], strict=True) if i not in (left, right)]
        found.append(
            {
                "rank": int(place) + 1,
                "weight": round(float(shown.weight[at]), 4),
                "left": row(left),
                "right": row(right),
                "nearest": [{**row(i), "distance": round(d, 4)} for i, d in others[:NEAREST]],
            }
        )
    return found


def _nearest(X: F32, shown: Mixture) -> tuple[I64, F32]:
    """Return (e, m) the rows nearest to each blend's vector, nearest first, and their Euclidean distances."""
    vectors = shown.vectors(X)
    distance = np.empty((len(shown), len(X)), dtype=np.float32)
    for block in blocks(len(X), ROWS):
        part = np.asarray(X[block], dtype=np.float32)
        for at, vector in enumerate(vectors):
            distance[at, block] = np.sqrt(((part - vector) ** 2).sum(axis=1))
    order = np.argsort(distance, axis=1, kind="stable")[:, : NEAREST + 2].astype(np.int64)
    return order, np.take_along_axis(distance, order, axis=1)


class _RowTexts:
    """Rows of the pool as a reader sees them."""

    def __init__(self, ground: Ground, tasks: list[str]) -> None:
        self.ids, self.messages, self.tasks = ground.pool.table["id"], ground.pool.table["messages"], tasks

    def __call__(self, row: int) -> BlendSide:
        talk = self.messages[row].as_py()
        asked, answered = render.prompt(talk)[:EXCERPT], (render.response(talk) or "")[:EXCERPT]
        return {"id": self.ids[row].as_py(), "task": self.tasks[row], "prompt": asked, "answer": answered}
