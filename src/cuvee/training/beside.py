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
        """Return the material over these rows: a unit is a row and one of its blends, which take turns from epoch to epoch.

        A step divides by the answer tokens of its rows. A unit of target in a blend counts ``weight`` times the answer tokens
        of all rows over those of the blends of an epoch, so that over an epoch the loss is the rows' mean plus ``weight``
        times the blends' mean; with weight 0 it is plain training on the rows. Raises InputError where a blend's left row is
        not among the rows of the mixture.
        """
        from cuvee.training.mixed_batches import ITEMS, collate_mixture, items_of
        from cuvee.training.mixed_loss import mixed_loss

        spans, own = Spans.of(rows, self.longest), self.entries[np.flatnonzero(self.entries.real)]
        blends, turns = self.entries[np.flatnonzero(~self.entries.real)], _turns(self.entries)
        told, none = items_of(own, rows), turns < 0
        blended = np.where(none, 0, np.append(items_of(blends, rows), 0)[turns]).mean(axis=0).sum()
        factor = (self.entries.reading.weight or 0.0) * float(told.sum()) / max(float(blended), 1e-9)

        def make(numbers: I64) -> Tensors:
            row, beside = numbers % len(own), turns.ravel()[numbers]
            parts = own[row], blends[beside[beside >= 0]]
            counted: F32 = np.repeat(np.array([1, factor], dtype=np.float32), list(map(len, parts)))
            batch = collate_mixture(joined(*parts), rows, spans, pad, counted)
            return {**batch, ITEMS: batch[ITEMS].new_tensor(float(told[row].sum()))}

        lengths = widths(own, spans) + np.where(none, 0, np.append(widths(blends, spans), 0)[turns])
        usable = np.flatnonzero(told > 0).astype(np.int64)
        return Material(lengths.ravel(), usable, make, mixed_loss, len(turns))

    def print(self) -> str:
        """Return a hash that stands for the mixture."""
        return self.entries.print()


def _turns(entries: Mixture) -> I64:
    """Return (turns, u) which blend stands beside each of the u rows in each epoch, counted among the blends; -1 for none."""
    rows, blends = entries.left[entries.real], entries.left[~entries.real]
    place = np.full(int(entries.rows().max(initial=-1)) + 1, -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    unit = place[blends]
    if (unit < 0).any():
        raise InputError("a blend stands beside a row that the mixture does not hold", "make the mixture again")
    count = np.bincount(unit, minlength=len(rows))
    first, order = np.cumsum(count) - count, np.argsort(unit, kind="stable")
    turn = np.arange(max(1, int(count.max(initial=0))))[:, None] % np.maximum(count, 1)
    return np.where(count > 0, np.append(order, -1)[np.minimum(first + turn, len(order))], -1).astype(np.int64)
