"""Held-out loss: how surprised a model is by right answers, in nats per answer token."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cuvee.arrays import F64, I64
from cuvee.models import forward
from cuvee.models.causal import Causal
from cuvee.render import Encoded, Messages, encode_all


@dataclass(frozen=True)
class Losses:
    """Of n answers. total: (n,) sum of negative log-likelihoods in nats, NaN where no token was predicted. tokens: (n,)
    answer tokens predicted, end mark included. cut: (n,) tokens of the prompt that did not fit.
    """

    total: F64
    tokens: I64
    cut: I64

    @property
    def mean(self) -> F64:
        """Return (n,) nats per answer token; NaN where there is none."""
        return self.total / np.where(self.tokens, self.tokens, 1)


def encoded(causal: Causal, rows: Sequence[Messages], tools: Sequence[str | None] | None = None) -> list[Encoded]:
    """Return the ids of conversations as evaluation reads them: what is too long loses its left end, so that answers stay."""
    return encode_all(rows, causal.tokenizer, max_length=causal.max_length, tools=tools, side="left")


def losses(causal: Causal, rows: Sequence[Encoded], *, batch_tokens: int | None = None, label: str = "loss") -> Losses:
    """Return the losses of the answers in rendered rows, all turns of an assistant counted; higher is worse."""
    passed = forward.passes(causal, rows, ("loss",), batch_tokens=batch_tokens, label=label)
    return Losses(passed.loss, passed.count, np.array([row.cut for row in rows], dtype=np.int64))


def loss(
    causal: Causal,
    rows: Sequence[Messages],
    *,
    tools: Sequence[str | None] | None = None,
    batch_tokens: int | None = None,
) -> pa.Table:
    """Return one row per conversation: loss (nats per answer token, null where it has no answer), tokens, cut.

    The mean of ``loss`` weighs rows alike; weighted by ``tokens`` it weighs tokens alike.
    """
    found = losses(causal, encoded(causal, rows, tools), batch_tokens=batch_tokens)
    return pa.table({"loss": pa.array(found.mean, from_pandas=True), "tokens": found.tokens, "cut": found.cut})
