"""Rows as what a step draws from: cut to length, counted, and hashed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import xxhash

from cuvee.render import Encoded
from cuvee.training.material import Material


class TaughtCounts(TypedDict):
    """Rows that could be learnt from, those that could not, and those that lost tokens."""

    rows: int
    left_out: int
    truncated: int


@dataclass(frozen=True)
class RowUnits:
    """Rows cut to length. packing: whether those of a pass are laid end to end."""

    rows: list[Encoded]
    packing: bool = False

    @classmethod
    def of(cls, rows: Sequence[Encoded], longest: int, *, packing: bool = False) -> "RowUnits":
        """Return the rows, none longer than ``longest`` tokens."""
        return cls([row if len(row) <= longest else _shortened(row, longest) for row in rows], packing)

    def over(self, rows: Sequence[Encoded], pad: int) -> Material:
        """Return the rows as material; the first token of a row is never predicted."""
        from cuvee.training.batches import collate, collate_packed

        laid = collate_packed if self.packing else collate
        lengths = np.array([len(row) for row in rows], dtype=np.int64)
        answers = np.array([row.answer[1:].sum() for row in rows], dtype=np.float32)
        usable = np.flatnonzero(answers > 0).astype(np.int64)
        return Material(lengths, answers, usable, lambda numbers: laid([rows[row] for row in numbers], pad))

    def counts(self, material: Material) -> TaughtCounts:
        """Return what became of the rows, or of the units over them."""
        kept, cut = len(material.usable), sum(row.cut > 0 for row in self.rows)
        return {"rows": kept, "left_out": len(material.lengths) // material.turns - kept, "truncated": cut}

    def print(self) -> str:
        """Return a hash that stands for ids and answers."""
        state = xxhash.xxh3_64()
        for row in self.rows:
            state.update(len(row).to_bytes(8, "little") + row.ids.tobytes() + row.answer.tobytes())
        return state.hexdigest()


def _shortened(row: Encoded, longest: int) -> Encoded:
    return Encoded(row.ids[:longest], row.answer[:longest], row.cut + len(row) - longest)
