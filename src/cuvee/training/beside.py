"""Rows, each with the blends that stand beside it: what a step draws from where blends are a regulariser.

After SFTMix (arXiv 2410.05248): the loss of a step is that of its rows plus ``weight`` times that of blends of the same rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cuvee.arrays import F32, I64
from cuvee.errors import InputError
from cuvee.render import Encoded
from cuvee.training.material import Material, Tensors
from cuvee.training.meeting import Spans, widths
from cuvee.training.mixture import Mixture, joined


@dataclass(frozen=True)
class BesideUnits:
    """The real rows of a mixture, each with the blends that it is the left side of; see ``material.Units``.

    longest: tokens that the model can read.
    """

    entries: Mixture
    longest: int

    def over(self, rows: Sequence[Encoded], pad: int) -> Material:
        """Return the material over these rows: a unit is a row, and takes its own tokens and those of its blends.

        A step divides by the answer tokens of its rows. A unit of target in a blend counts ``weight`` times the answer tokens
        of all rows over those of all blends, so that over a pass the loss is the rows' mean plus ``weight`` times the
        blends' mean; with weight 0 it is plain training on the rows. Raises InputError where a blend's left row is not
        among the rows of the mixture.
        """
        from cuvee.training.mixed_batches import ITEMS, collate_mixture, items_of
        from cuvee.training.mixed_loss import mixed_loss

        spans, parts = Spans.of(rows, self.longest), _Parts.of(self.entries)
        told, blended = items_of(parts.rows, rows), items_of(parts.blends, rows)
        factor = (self.entries.reading.weight or 0.0) * float(told.sum()) / max(float(blended.sum()), 1e-9)

        def make(numbers: I64) -> Tensors:
            own, blends = parts.rows[numbers], parts.blends[parts.beside(numbers)]
            counted: F32 = np.repeat(np.array([1, factor], dtype=np.float32), [len(own), len(blends)])
            batch = collate_mixture(joined(own, blends), rows, spans, pad, counted)
            return {**batch, ITEMS: batch[ITEMS].new_tensor(float(told[numbers].sum()))}

        lengths = widths(parts.rows, spans) + parts.summed(widths(parts.blends, spans))
        return Material(lengths, np.flatnonzero(told > 0).astype(np.int64), make, mixed_loss)

    def print(self) -> str:
        """Return a hash that stands for the mixture."""
        return self.entries.print()


@dataclass(frozen=True)
class _Parts:
    """u rows and their t blends, in order of the rows. ends: (u + 1,) blends of row i: ends[i] to ends[i + 1]."""

    rows: Mixture
    blends: Mixture
    ends: I64

    @classmethod
    def of(cls, entries: Mixture) -> "_Parts":
        rows, blends = (entries[np.flatnonzero(which)] for which in (entries.real, ~entries.real))
        place = np.full(int(entries.rows().max(initial=-1)) + 1, -1, dtype=np.int64)
        place[rows.left] = np.arange(len(rows))
        unit = place[blends.left]
        if (unit < 0).any():
            raise InputError("a blend stands beside a row that the mixture does not hold", "make the mixture again")
        order = np.argsort(unit, kind="stable")
        counts = np.bincount(unit, minlength=len(rows))
        return cls(rows, blends[order], np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))

    def beside(self, numbers: I64) -> I64:
        """Return the blends of these rows."""
        parts = [np.arange(self.ends[row], self.ends[row + 1]) for row in numbers]
        return np.concatenate([np.empty(0, dtype=np.int64), *parts]).astype(np.int64)

    def summed(self, values: I64) -> I64:
        """Return (u,) the sums over each row's blends."""
        running: I64 = np.concatenate([[0], np.cumsum(values)]).astype(np.int64)
        return np.diff(running[self.ends])
