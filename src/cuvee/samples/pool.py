"""A pool: the frozen view that choosing works on. A step never changes one; it makes a new one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np
import pyarrow as pa

from cuvee.arrays import F32, I64, U64

NONE_TAKEN = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class BarePool:
    """n rows to choose from, perhaps without vectors: what selectors and scorers take.

    table: columns of ``samples.schema.SAMPLE`` (those that a selector needs; ``fingerprint`` always).
    vectors: (n, d) float32 unit rows, or None where no selector asked for them; may be memory-mapped.
    scores: name -> (n,) float32, NaN where a row could not be scored.
    taken: (m,) int64 row numbers that an earlier run took; they count as chosen and are never chosen again.
    """

    table: pa.Table
    vectors: F32 | None = None
    scores: Mapping[str, F32] = field(default_factory=dict)
    taken: I64 = field(default_factory=lambda: NONE_TAKEN)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @cached_property
    def keys(self) -> U64:
        """(n,) uint64, a function of each row's content only: random draws are made from these."""
        column = self.table.column("fingerprint").combine_chunks()
        flat = b"".join(column.to_pylist())
        return np.frombuffer(flat, dtype="<u8").reshape(-1, 2)[:, 0].copy()

    @cached_property
    def free(self) -> I64:
        """Row numbers that may be chosen, ascending."""
        open_rows = np.ones(len(self), dtype=bool)
        open_rows[self.taken] = False
        return np.flatnonzero(open_rows).astype(np.int64)

    def labels(self, column: str) -> tuple[I64, list[str]]:
        """Return (n,) codes and their names for a text column such as ``task``; a null is its own label, "(none)"."""
        encoded = self.table.column(column).combine_chunks().fill_null("(none)").dictionary_encode()
        return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), encoded.dictionary.to_pylist()

    def with_scores(self, **scores: F32) -> Self:
        """Return this pool with more scores."""
        return replace(self, scores={**self.scores, **scores})


@dataclass(frozen=True)
class Pool(BarePool):
    """A pool whose rows have their vectors."""

    vectors: F32 = field()  # without ``field`` it would inherit the default, None


@dataclass(frozen=True)
class Selection:
    """Row numbers in pick order, best first.

    rows: (k,) int64, unique. gains: (k,) float32, what each pick added in the selector's own unit (documented there).
    reasons: one short phrase per pick, or one phrase for all.
    """

    rows: I64
    gains: F32
    reasons: Sequence[str]

    def reason(self, pick: int) -> str:
        """Return why the pick-th row was chosen."""
        return self.reasons[pick] if len(self.reasons) > 1 else self.reasons[0] if self.reasons else ""
