"""A mixture: real rows and blends of two rows, by reference. A blend has no text; its vector is the mix of its parents'."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from cuvee import names
from cuvee.arrays import F32, I64, Bool
from cuvee.errors import ConfigError
from cuvee.geometry.distances import blocks
from cuvee.runs import digest

ROWS = 8_192  # vectors of a block: 8,192 x 576 float32 is 19 MB
ANSWER, START = "answer", "start"
ALIGN = {
    ANSWER: "both answers start in one place, as far as the model's context lets them",
    START: "both rows start in one place, as published",
}


@dataclass(frozen=True)
class BlendReading:
    """How a model reads the blends of a mixture.

    align: a name in ``ALIGN``. weight: None where a blend stands in place of a row (MDIT, arXiv 2504.07288); where blends stand
    beside the rows that they are made of (after SFTMix, arXiv 2410.05248), how much their mean loss counts against the
    rows', 0 or more.
    """

    align: str = ANSWER
    weight: float | None = None

    def __post_init__(self) -> None:
        """Raise ConfigError for what cannot be."""
        names.find(ALIGN, self.align, "alignment")
        if self.weight is not None and not 0 <= self.weight < float("inf"):
            raise ConfigError(f"weight is {self.weight}", "give a number, 0 or more: 0 is the rows alone")


@dataclass(frozen=True)
class Mixture:
    """m entries, best first where an order is meant.

    left, right: (m,) row numbers. weight: (m,) float32 in [0, 1], the share of the left row: lambda. An entry whose two
    rows are the same one is a real row. reading: how a model reads them.
    """

    left: I64
    right: I64
    weight: F32
    reading: BlendReading = BlendReading()

    def __len__(self) -> int:
        return len(self.left)

    def __getitem__(self, at: I64 | slice) -> "Mixture":
        return replace(self, left=self.left[at], right=self.right[at], weight=self.weight[at])

    @property
    def real(self) -> Bool:
        """(m,) whether an entry is a real row."""
        return np.asarray(self.left == self.right)

    @property
    def units(self) -> int:
        """What a pass over the mixture counts: its rows where blends stand beside them, else all entries."""
        return len(self) if self.reading.weight is None else int(self.real.sum())

    def rows(self) -> I64:
        """Return every row that an entry needs, in order of first use."""
        both = np.stack([self.left, self.right], axis=1).ravel()
        distinct, first = np.unique(both, return_index=True)
        return distinct[np.argsort(first)].astype(np.int64)

    def renumbered(self, rows: I64) -> "Mixture":
        """Return the mixture with row numbers that count in ``rows``, which hold all that it needs."""
        place = np.full(int(rows.max(initial=-1)) + 1, -1, dtype=np.int64)
        place[rows] = np.arange(len(rows))
        return replace(self, left=place[self.left], right=place[self.right])

    def plain(self) -> "Mixture":
        """Return the mixture with the one row in place of a blend that is wholly that row (lambda 1 or 0)."""
        left = np.where(self.weight == 0, self.right, self.left)
        right = np.where(self.weight == 1, self.left, self.right)
        return replace(self, left=left, right=right, weight=np.where(left == right, np.float32(1), self.weight))

    def vectors(self, X: F32) -> F32:
        """Return (m, d) the exact mixes weight * left + (1 - weight) * right of the rows of X, (n, d) float32."""
        share = self.weight[:, None]
        mixed: F32 = share * X[self.left]
        mixed += (np.float32(1) - share) * X[self.right]
        return mixed

    def blocks(self, X: F32) -> Iterator[tuple[slice, F32]]:
        """Yield the vectors a block at a time, with their places: (m, d) is never in memory."""
        for block in blocks(len(self), ROWS):
            yield block, self[block].vectors(X)

    def print(self) -> str:
        """Return a hash that stands for the mixture."""
        return digest([self.left, self.right, self.weight, self.reading.align, self.reading.weight])


def real(rows: I64) -> Mixture:
    """Return these rows as a mixture of real rows."""
    return Mixture(rows, rows, np.ones(len(rows), dtype=np.float32))


def joined(*parts: Mixture) -> Mixture:
    """Return the entries of all parts, one part after the other, to be read as the first."""
    return replace(
        parts[0],
        left=np.concatenate([part.left for part in parts]),
        right=np.concatenate([part.right for part in parts]),
        weight=np.concatenate([part.weight for part in parts]),
    )
