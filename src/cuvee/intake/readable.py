"""Rows as a model reads them, with their tools; the only place where a verb turns messages into tokens."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cuvee import render
from cuvee.arrays import I64
from cuvee.errors import InputError
from cuvee.intake.ground import Ground
from cuvee.render import Encoded, Tokenizer


@dataclass(frozen=True)
class Readable:
    """A ground whose rows all have an answer to learn from. rows: their tokens, in the pool's order. notes: what was cut."""

    ground: Ground
    rows: list[Encoded]
    notes: list[str]


def readable(ground: Ground, tokenizer: Tokenizer, longest: int, *, stage: str) -> Readable:
    """Return the ground without rows that have no answer within ``longest`` tokens, and the tokens of the others.

    A longer row loses its end. stage: under which the ledger says what fell. Raises InputError where no row is left.
    """
    encoded = as_read(ground.pool.table, tokenizer, longest)
    empty = [row for row, one in enumerate(encoded) if not can_teach(one)]
    rows = [one for one in encoded if can_teach(one)]
    if not rows:
        raise InputError(f"no row has an answer within {longest} tokens", "raise --max-length")
    cut = sum(one.cut > 0 for one in rows)
    notes = [f"{cut:,} rows are longer than {longest} tokens and lose their end"] if cut else []
    fallen = [(row, stage, f"no answer within {longest} tokens", None) for row in empty]
    return Readable(ground.without(fallen), rows, notes)


def as_read(table: pa.Table, tokenizer: Tokenizer, longest: int) -> list[Encoded]:
    """Return the tokens of rows to learn from, by the model's own chat template. table: columns messages and tools."""
    return _encoded(table, tokenizer, longest, side="right")


def as_asked(table: pa.Table, tokenizer: Tokenizer, longest: int) -> list[Encoded]:
    """Return the tokens of rows that a model is judged on, as ``questions`` says, those without an answer too."""
    return _encoded(table, tokenizer, longest, side="left")


@dataclass(frozen=True)
class HeldOutQuestions:
    """Rows that a model is judged on. at: (q,) which rows of the table they are. notes: what was left out."""

    rows: list[Encoded]
    at: I64
    notes: list[str]


def questions(table: pa.Table, tokenizer: Tokenizer, longest: int) -> HeldOutQuestions:
    """Return held-out rows as the model is asked them; a longer one loses the start of its prompt, never its answer's end.

    Raises InputError where no row has an answer that counts.
    """
    encoded = as_asked(table, tokenizer, longest)
    at = np.array([row for row, one in enumerate(encoded) if can_teach(one)], dtype=np.int64)
    if not len(at):
        raise InputError("nothing is held out to judge on", "raise --held-out, or name files with --on")
    out = len(encoded) - len(at)
    notes = [f"{out:,} held-out rows have no answer within {longest} tokens"] if out else []
    return HeldOutQuestions([encoded[row] for row in at], at, notes)


def can_teach(row: Encoded) -> bool:
    """Return whether a token of the answer is predicted: the first token of a row follows nothing."""
    return bool(row.answer[1:].any())


def _encoded(table: pa.Table, tokenizer: Tokenizer, longest: int, *, side: str) -> list[Encoded]:
    talks: Sequence[render.Messages] = table["messages"].to_pylist()
    tools = table["tools"].to_pylist()
    return render.encode_all(talks, tokenizer, max_length=longest, tools=tools, side=side)
