"""Scores by a language model: what it makes of the answers of a row, given what stands before them.

One pass over the rows gives loss, perplexity and uncertainty. IFD reads every answer a second time, without its prompt, in the
same pass. All are remembered by content, so that a score that another run or another score has paid for is not paid again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import orjson

from cuvee import render
from cuvee.arrays import F32, I64
from cuvee.errors import InputError, SelectionError
from cuvee.models import forward
from cuvee.models.causal import Causal
from cuvee.progress import Advance, bar
from cuvee.render import Encoded, Ids, Messages
from cuvee.runs import digest
from cuvee.store import Keys, Store, Vectors, content_key

if TYPE_CHECKING:
    from cuvee.samples.pool import BarePool

MAX_LENGTH = 2_048
ANSWER = ("loss", "count", "max_logit", "margin", "entropy", "cut")  # the columns of the pass with the prompt
ALONE = ("loss", "count")  # of the pass without
BLOCK = 256  # rows that are rendered at once
SEGMENT_TOKENS = {"cpu": 25_000, "cuda": 2_000_000}  # a killed run loses no more: about a minute of two CPU cores


@dataclass(frozen=True)
class Reader:
    """A model and a store: what every score by a language model is made with.

    max_length: tokens read of a row; None means 2,048, or what the model can read where that is less. side: the end of a row
    that truncation cuts: "right" is the answer's.
    """

    causal: Causal
    store: Store
    max_length: int | None = None
    side: str = "right"

    @property
    def longest(self) -> int:
        """Tokens read of a row."""
        return min(self.max_length or MAX_LENGTH, self.causal.max_length)

    def answers(self, pool: "BarePool", name: str, *, alone: bool = False) -> tuple[F32, F32]:
        """Return (n, 6) the columns of ``ANSWER``, and (n, 2) those of ``ALONE``, (0, 2) where they are not asked for.

        loss: summed over the ``count`` tokens of all answers of the row. cut: tokens that truncation removed. NaN and count
        0 where the row has no answer or cannot be rendered. Raises SelectionError where the pool has no messages; ``name``:
        who asks.
        """
        talks, tools = _conversations(pool, name)
        keys = _keys(talks, tools)
        lacking = {"answer": self._answers.missing(keys)}
        if alone:
            lacking["alone"] = self._alone.missing(keys)
        with bar("scoring", _tokens(talks, lacking), unit="tokens") as advance:
            for rows, encoded in self._segments(talks, tools, np.unique(np.concatenate([*lacking.values()]))):
                self._read(rows, encoded, _Lacking(talks, keys, lacking), advance)
        found = self._answers.read(keys)
        if not alone:
            return found, np.empty((0, len(ALONE)), dtype=np.float32)
        return found, self._alone.read(keys)

    def truncated(self, pool: "BarePool") -> int:
        """Return how many rows were cut to ``longest`` tokens."""
        return int((self.answers(pool, "truncation")[0][:, ANSWER.index("cut")] > 0).sum())

    @property
    def _answers(self) -> Vectors:
        return self._column("answer", len(ANSWER))

    @property
    def _alone(self) -> Vectors:
        return self._column("alone", len(ALONE))

    def _column(self, part: str, dim: int) -> Vectors:
        return self.store.vectors(f"language-{digest([self.causal.version, self.longest, self.side])}-{part}", dim)

    def _segments(
        self, talks: list[Messages], tools: list[str | None], rows: I64
    ) -> Iterator[tuple[list[int], list[Encoded]]]:
        """Yield rows and their tokens, a bounded number of tokens at a time."""
        budget = SEGMENT_TOKENS["cuda" if self.causal.device.startswith("cuda") else "cpu"]
        part: list[int] = []
        encoded: list[Encoded] = []
        tokens = 0
        for start in range(0, len(rows), BLOCK):
            block = rows[start : start + BLOCK].tolist()
            for row, one in zip(
                block, self._encoded([talks[r] for r in block], [tools[r] for r in block]), strict=True
            ):
                part.append(row)
                encoded.append(one)
                tokens += len(one)
                if tokens >= budget:
                    yield part, encoded
                    part, encoded, tokens = [], [], 0
        if part:
            yield part, encoded

    def _encoded(self, talks: list[Messages], tools: list[str | None]) -> list[Encoded]:
        """Return the rows' tokens; none for a row that has no answer or that the template cannot render."""
        given = [talk if render.response(talk) is not None else [] for talk in talks]
        options = {"max_length": self.longest, "side": self.side}
        try:
            return render.encode_all(given, self.causal.tokenizer, tools=tools, **options)  # type: ignore[arg-type]
        except InputError:
            return [self._one(talk, tool) for talk, tool in zip(given, tools, strict=True)]

    def _one(self, talk: Messages, tools: str | None) -> Encoded:
        try:
            return render.encode(talk, self.causal.tokenizer, max_length=self.longest, tools=tools, side=self.side)
        except InputError:
            return Encoded(np.empty(0, dtype=np.int32), np.empty(0, dtype=bool))

    def _read(
        self,
        rows: list[int],
        encoded: list[Encoded],
        asked: "_Lacking",
        advance: Advance,
    ) -> None:
        """Read one segment, with and without the prompt as they are lacking, sorted together; store what comes out."""
        at = {part: np.flatnonzero(np.isin(rows, missing)) for part, missing in asked.rows.items()}
        bare = [without_prompt(encoded[row], self._header(asked.talks[rows[row]])) for row in at.get("alone", [])]
        want = set(ANSWER) - {"count", "cut"} if len(at["answer"]) else {"loss"}
        whole = [encoded[row] for row in at["answer"]]
        found = forward.passes(self.causal, [*whole, *bare], want, advance=advance)
        columns = [getattr(found, name) for name in ANSWER if name != "cut"]
        values = np.column_stack([*columns, np.zeros(len(found.count))]).astype(np.float32)
        values[: len(whole), -1] = [one.cut for one in whole]
        if whole:
            self._answers.add(asked.keys[np.array(rows)[at["answer"]]], values[: len(whole)])
        if bare:
            self._alone.add(asked.keys[np.array(rows)[at["alone"]]], values[len(whole) :, : len(ALONE)])

    def _header(self, talk: Messages) -> Ids:
        return (
            render.header(talk, self.causal.tokenizer) if render.response(talk) is not None else np.empty(0, np.int32)
        )


@dataclass(frozen=True)
class _Lacking:
    """All conversations and their keys; rows: per pass, the rows whose numbers are not stored."""

    talks: list[Messages]
    keys: Keys
    rows: dict[str, I64]


def without_prompt(row: Encoded, header: Ids) -> Encoded:
    """Return the same answer tokens, each answer after the mark that opens one, and nothing that anybody asked.

    The context of IFD's second term. Of several turns, an answer keeps the answers before it. A first token that has no
    context in ``row`` counts here as little as there, so both score the same tokens.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], row.answer, [False]]).astype(np.int8)))
    ids, counted = [np.empty(0, dtype=np.int32)], [np.empty(0, dtype=bool)]
    for start, end in edges.reshape(-1, 2):
        ids += [header, row.ids[start:end]]
        counted += [np.zeros(len(header), dtype=bool), np.arange(start, end) > 0]
    return Encoded(np.concatenate(ids), np.concatenate(counted))


def loss(pool: "BarePool", *, reader: Reader) -> F32:
    """Return (n,) mean negative log-likelihood, in nats, of the tokens of all answers; NaN where there is none."""
    return _mean(reader.answers(pool, "loss")[0])


def perplexity(pool: "BarePool", *, reader: Reader) -> F32:
    """Return (n,) exp(loss), 1 or more; NaN where there is no answer."""
    return _exp(_mean(reader.answers(pool, "perplexity")[0]))


def ifd(pool: "BarePool", *, reader: Reader) -> F32:
    """Return (n,) instruction-following difficulty: L(y | x) / L(y), mean losses of the same answer tokens (arXiv 2308.12032).

    Above 1 the prompt makes the answer less likely: the two do not belong together. NaN where there is no answer, or
    where the model is sure of it without the prompt (a loss of 0).
    """
    given, alone = (_mean(values) for values in reader.answers(pool, "ifd", alone=True))
    return np.divide(given, alone, out=np.full(len(given), np.nan, dtype=np.float32), where=alone > 0)


def ifd_ppl(pool: "BarePool", *, reader: Reader) -> F32:
    """Return (n,) ppl(y | x) / ppl(y) over the same answer tokens (Superfiltering, arXiv 2402.00530).

    Above 1 exactly where ``ifd`` is; between rows it also weighs how long and how likely the answer is by itself. NaN where
    there is no answer.
    """
    given, alone = reader.answers(pool, "ifd-ppl", alone=True)
    return _exp(_mean(given) - _mean(alone))


def least_confidence(pool: "BarePool", *, reader: Reader) -> F32:
    """Return (n,) mean over the answer tokens of the largest logit: the lowest is the least sure (arXiv 2311.08182)."""
    return _column(pool, reader, "uncertainty-least-confidence", "max_logit")


def margin(pool: "BarePool", *, reader: Reader) -> F32:
    """Return (n,) mean over the answer tokens of the gap between the two largest logits: the smallest is the least sure."""
    return _column(pool, reader, "uncertainty-margin", "margin")


def entropy(pool: "BarePool", *, reader: Reader) -> F32:
    """Return (n,) mean over the answer tokens of the entropy of the next token, in nats: the highest is the least sure."""
    return _column(pool, reader, "uncertainty-entropy", "entropy")


def _column(pool: "BarePool", reader: Reader, name: str, column: str) -> F32:
    return np.ascontiguousarray(reader.answers(pool, name)[0][:, ANSWER.index(column)])


def _mean(values: F32) -> F32:
    """Return the loss per token of (n, 2 or more) values that start with loss and count."""
    return (values[:, 0] / np.maximum(values[:, 1], 1)).astype(np.float32)


def _exp(values: F32) -> F32:
    """Return exp, at most the largest float32: a score is never infinite."""
    return np.exp(np.minimum(values.astype(np.float64), 88.0)).astype(np.float32)


def _conversations(pool: "BarePool", name: str) -> tuple[list[Messages], list[str | None]]:
    if "messages" not in pool.table.column_names:
        raise SelectionError(f"{name} reads the messages and the pool's table has none", "keep the messages column")
    tools = pool.table["tools"].to_pylist() if "tools" in pool.table.column_names else [None] * len(pool)
    return pool.table["messages"].to_pylist(), tools


def _keys(talks: list[Messages], tools: list[str | None]) -> Keys:
    texts = (orjson.dumps([talk, tool]).decode() for talk, tool in zip(talks, tools, strict=True))
    return np.array([content_key(text) for text in texts], dtype="S16")


def _tokens(talks: list[Messages], lacking: dict[str, I64]) -> int:
    """Return about how many tokens are to be read, at four bytes each: for the time that is left."""
    return sum(len(render.plain(talks[row])) // 4 for rows in lacking.values() for row in rows)
