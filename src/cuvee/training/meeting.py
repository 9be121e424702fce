"""Where the two rows of a blend meet: how far each is moved right, and what its answer's tokens then stand beside.

MDIT (arXiv 2504.07288) starts both rows in one place. Prompts differ in length, so one row's answer then mostly stands beside
the other's prompt or padding. Here the row with the shorter prompt is moved right until both answers start in one place.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cuvee.arrays import F64, I64
from cuvee.render import Encoded
from cuvee.training.mixture import ANSWER, Mixture

COUNTED = 20_000  # blends whose tokens are looked at, evenly over the ranking


@dataclass(frozen=True)
class Spans:
    """Of n rows. prompts: (n,) tokens before the first answer token; lengths: (n,) tokens.

    longest: tokens that the model can read, whatever its rows are cut to: a blend of two rows may be longer than both.
    """

    prompts: I64
    lengths: I64
    longest: int

    @classmethod
    def of(cls, rows: Sequence[Encoded], longest: int) -> "Spans":
        """Return the spans of rows; one without an answer is all prompt."""
        lengths = np.array([len(row) for row in rows], dtype=np.int64)
        starts = [int(row.answer.argmax()) if row.answer.any() else len(row) for row in rows]
        return cls(np.array(starts, dtype=np.int64), lengths, longest)

    @property
    def parts(self) -> I64:
        """(n, 2) tokens before the answer, and from there on."""
        return np.stack([self.prompts, self.lengths - self.prompts], axis=1)


def shifts(entries: Mixture, spans: Spans) -> tuple[I64, I64]:
    """Return how many columns each left and each right row is moved right: (m,) and (m,).

    0 where rows start in one place, and for a row that stands alone. A row is never moved so far that it would lose its end: a
    long prompt and a long answer meet as far as ``longest`` lets them.
    """
    entries = entries.plain()
    if entries.reading.align != ANSWER:
        return np.zeros(len(entries), dtype=np.int64), np.zeros(len(entries), dtype=np.int64)
    start = np.maximum(spans.prompts[entries.left], spans.prompts[entries.right])
    left, right = (
        np.minimum(start - spans.prompts[side], np.maximum(spans.longest - spans.lengths[side], 0))
        for side in (entries.left, entries.right)
    )
    return left, right


def widths(entries: Mixture, spans: Spans) -> I64:
    """Return (m,) tokens that an entry takes in a pass: to the end of its row that ends last."""
    left, right = shifts(entries, spans)
    entries = entries.plain()
    tokens: I64 = np.maximum(left + spans.lengths[entries.left], right + spans.lengths[entries.right])
    return tokens


@dataclass(frozen=True)
class Met:
    """Shares of the blends' target mass, which add up to 1 (to 0 where there are no blends).

    answer: where both rows answer. prompt: one answers beside the other's prompt (or a later turn's). padding: beside nothing.
    """

    answer: float
    prompt: float
    padding: float


def met(entries: Mixture, rows: Sequence[Encoded], spans: Spans) -> Met:
    """Return what the answers of the blends stand beside. An answer token counts by its row's share.

    Of more than 20,000 blends, as many are looked at, evenly over the ranking.
    """
    blends = entries[np.flatnonzero(~entries.real)].plain()
    if len(blends) > COUNTED:
        blends = blends[np.linspace(0, len(blends) - 1, COUNTED).astype(np.int64)]
    mass: F64 = np.zeros(3)
    left, right = shifts(blends, spans)
    for at in range(len(blends)):
        one, other = (int(left[at]), rows[blends.left[at]]), (int(right[at]), rows[blends.right[at]])
        share = float(blends.weight[at])
        mass += share * _beside(one, other) + (1 - share) * _beside(other, one)
    total = mass.sum() or 1.0
    return Met(*(float(part / total) for part in mass))


def _beside(one: tuple[int, Encoded], other: tuple[int, Encoded]) -> F64:
    """Return (3,) answer tokens of one row beside the other's answer, its other tokens, and none. Rows with their shifts."""
    shift, row = one
    moved, beside = other
    told = np.flatnonzero(row.answer[1:]) + 1 + shift - moved  # columns, counted in the other row
    within = told[(told >= 0) & (told < len(beside))]
    answered = int(beside.answer[within].sum())
    return np.array([answered, len(within) - answered, len(told) - len(within)], dtype=np.float64)
