"""What a scorer is, and what scorers ask of a pool."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cuvee import render
from cuvee.arrays import F32
from cuvee.errors import SelectionError

if TYPE_CHECKING:
    from cuvee.samples.pool import BarePool

HINT = "a scorer returns one float32 per row, in order, NaN where a row could not be scored"
BATCH = 8_192  # rows whose texts are in memory at once


@dataclass(frozen=True)
class Scorer:
    """One number per row.

    function: ``f(pool, *, ...) -> (n,) float32``; NaN where a row could not be scored, never a default.
    higher_is_better: the direction that ``top`` and ``deita`` take. needs_model: it takes ``reader=``, a
    ``scorers.language.Reader``. most: a row above this is unfit: ``top`` leaves it out. asks:
    the kind of question for a chat model (``scorers.judge.KINDS``): it takes ``judge=``; empty where none is asked.
    """

    name: str
    function: Callable[..., F32]
    higher_is_better: bool
    summary: str
    needs_vectors: bool = False
    needs_model: bool = False
    most: float | None = None
    asks: str = ""


def vectors(pool: "BarePool", name: str) -> F32:
    """Return the pool's (n, d) unit rows. Raises SelectionError where it has none; ``name``: who asks."""
    if pool.vectors is None:
        raise SelectionError(f"{name} needs vectors and the pool has none", "embed the pool first: Pool(vectors=...)")
    return pool.vectors


def talks(pool: "BarePool", name: str, *, batch: int = BATCH) -> Iterator[list[render.Messages]]:
    """Yield the conversations of the rows, ``batch`` rows at a time.

    Raises SelectionError where the pool has no messages; ``name``: who asks.
    """
    if "messages" not in pool.table.column_names:
        raise SelectionError(f"{name} reads the messages and the pool's table has none", "keep the messages column")
    column = pool.table.column("messages")
    for start in range(0, len(pool), batch):
        yield column.slice(start, batch).to_pylist()


def answers(pool: "BarePool", name: str, *, batch: int = BATCH) -> Iterator[list[str | None]]:
    """Yield the last assistant turn's text of every row, ``batch`` rows at a time; None where there is none.

    Raises SelectionError where the pool has no messages; ``name``: who asks.
    """
    for rows in talks(pool, name, batch=batch):
        yield [render.response(messages) for messages in rows]


def checked(found: object, n: int, name: str) -> F32:
    """Return what a scorer gave as (n,) float32, NaN where a row has no score; members of the house and guests alike.

    Raises SelectionError where it is not one number per row.
    """
    try:
        column = np.asarray(found, dtype=np.float32)
    except (TypeError, ValueError):
        raise SelectionError(f"{name} gave a {type(found).__name__} of what is no number", HINT) from None
    if column.shape != (n,):
        raise SelectionError(f"{name} gave numbers of shape {column.shape} for {n:,} rows", HINT)
    if np.isinf(column).any():
        raise SelectionError(f"{name} gave {int(np.isinf(column).sum()):,} infinite scores", HINT)
    return column
