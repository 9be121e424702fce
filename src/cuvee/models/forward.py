"""Batched passes of a language model over rendered rows: losses, uncertainty and hidden states, nothing computed twice.

Rows are sorted by length and read in batches of a bounded number of tokens, padded on the right, where a causal model does
not see it. The vocabulary head is applied only where a token of an answer is predicted, a bounded number at a time.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from cuvee.arrays import F32, F64, I64
from cuvee.errors import ConfigError
from cuvee.models.causal import Causal
from cuvee.models.heads import Read, reader
from cuvee.progress import bar
from cuvee.render import Encoded

WANTS = ("loss", "max_logit", "margin", "entropy", "hidden")
BATCH_TOKENS = {"cpu": 1_024, "cuda": 32_768}  # small batches stay in a CPU's cache
LOGITS = {"cpu": 1 << 22, "cuda": 1 << 28}  # how many are in memory at once


@dataclass(frozen=True)
class Passed:
    """What a model says of n rows, in their order. What was not asked for is NaN, and hidden (n, 0).

    count: (n,) answer tokens that were predicted: all but a row's very first token, which has no context. loss: (n,) sum of
    their negative log-likelihoods, in nats. max_logit, margin, entropy: (n,) mean over the same positions of the largest
    logit, of the gap between the two largest, and of the entropy in nats. NaN where count is 0. hidden: (n, d) float32 mean
    over all tokens of the last layer, after its final norm; NaN for a row without tokens.
    """

    count: I64
    loss: F64
    max_logit: F64
    margin: F64
    entropy: F64
    hidden: F32

    @property
    def mean_loss(self) -> F64:
        """Return (n,) loss per answer token, in nats; NaN where there is none."""
        return self.loss / np.where(self.count, self.count, 1)


def passes(
    causal: Causal,
    rows: Sequence[Encoded],
    want: Collection[str] = ("loss",),
    *,
    batch_tokens: int | None = None,
    label: str = "reading",
) -> Passed:
    """Read every row once and return what is wanted: some of ``WANTS``.

    batch_tokens: tokens of a batch, padding included; a longer row is a batch of its own. None: by device. It does not
    change the results beyond rounding (1e-5). Raises ConfigError for an unknown want.
    """
    for name in want:
        if name not in WANTS:
            raise ConfigError(f"a pass cannot return {name!r}", f"some of {', '.join(WANTS)}")
    kind = "cuda" if causal.device.startswith("cuda") else "cpu"
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    found = _nothing(rows, _width(causal) if "hidden" in want else 0)
    with _evaluating(causal.model), bar(label, int(lengths.sum()), unit="tokens") as advance:
        read = reader(causal)
        for batch in batches(lengths, batch_tokens or BATCH_TOKENS[kind]):
            _pass(read, causal, [rows[at] for at in batch], batch, set(want), found, LOGITS[kind])
            advance(int(lengths[batch].sum()))
    return found


def batches(lengths: I64, tokens: int) -> Iterator[I64]:
    """Yield row numbers, longest rows first, so that the rows of a batch times its longest are at most ``tokens``.

    A longer row is alone; rows without tokens are in no batch.
    """
    order = np.argsort(-lengths, kind="stable").astype(np.int64)
    order = order[lengths[order] > 0]
    at = 0
    while at < len(order):
        size = max(1, tokens // int(lengths[order[at]]))
        yield order[at : at + size]
        at += size


def _pass(
    read: Read, causal: Causal, rows: list[Encoded], into: I64, want: set[str], found: Passed, logits: int
) -> None:
    """Read one batch and write its results at the row numbers ``into``."""
    import torch

    ids, lengths = _padded(rows, causal.tokenizer.pad_token_id or 0)
    hidden, project = read(ids.to(causal.device))
    if "hidden" in want:
        inside = (torch.arange(ids.shape[1]) < lengths[:, None]).to(hidden)
        means = torch.bmm(inside[:, None], hidden)[:, 0].float() / lengths[:, None].to(hidden.device)
        found.hidden[into] = means.cpu().numpy()
    if not want - {"hidden"}:
        return
    row, place, target = _predicted(rows)
    flat = torch.from_numpy(row * ids.shape[1] + place).to(causal.device)
    parts: dict[str, list[Any]] = {name: [] for name in want - {"hidden"}}
    step = max(1, logits // _vocabulary(causal))
    for start in range(0, len(target), step):
        part = project(flat[start : start + step]).float()
        told = _told(part, torch.from_numpy(target[start : start + step]).to(causal.device), want)
        for name, values in told.items():
            parts[name].append(values.double().cpu().numpy())
    for name, pieces in parts.items():
        _spread(name, np.concatenate([np.empty(0), *pieces]), row, into, found)


def _told(logits: Any, target: Any, want: set[str]) -> dict[str, Any]:
    """Return (m,) numbers of m positions from their (m, vocabulary) logits, which are destroyed."""
    import torch

    told = {}
    if want & {"margin", "max_logit"}:
        best = torch.topk(logits, 2, dim=1).values if "margin" in want else logits.amax(1, keepdim=True)
        told = {"max_logit": best[:, 0]} if "max_logit" in want else {}
        if "margin" in want:
            told["margin"] = best[:, 0] - best[:, 1]
    if want & {"loss", "entropy"}:
        shifted = logits.sub_(logits.amax(1, keepdim=True))
        right = shifted.gather(1, target[:, None])[:, 0]
        inner = shifted.clone() if "entropy" in want else None
        weights = shifted.exp_()
        total = weights.sum(1)
        if "loss" in want:
            told["loss"] = total.log() - right
        if inner is not None:
            told["entropy"] = total.log() - inner.mul_(weights).nan_to_num_(nan=0.0).sum(1) / total
    return told


def _spread(name: str, values: F64, row: I64, into: I64, found: Passed) -> None:
    """Add up the values per row; all but the loss become means."""
    count = np.bincount(row, minlength=len(into))
    total = np.bincount(row, weights=values, minlength=len(into))
    there = count > 0
    target: F64 = getattr(found, name)
    target[into[there]] = total[there] if name == "loss" else total[there] / count[there]


def _predicted(rows: list[Encoded]) -> tuple[I64, I64, I64]:
    """Return, for every answer token that has a context: its row, the place before it, and the token itself."""
    places = [np.flatnonzero(row.answer[1:]) for row in rows]
    row = np.repeat(np.arange(len(rows)), [len(place) for place in places])
    tokens = [one.ids[1:][place] for one, place in zip(rows, places, strict=True)]
    return row, np.concatenate(places).astype(np.int64), np.concatenate(tokens).astype(np.int64)


def _padded(rows: list[Encoded], pad: int) -> tuple[Any, Any]:
    """Return (b, m) ids, padded on the right, and (b,) lengths, as tensors."""
    import torch

    lengths = [len(row) for row in rows]
    ids = np.full((len(rows), max(lengths)), pad, dtype=np.int64)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = row.ids
    return torch.from_numpy(ids), torch.tensor(lengths)


def _nothing(rows: Sequence[Encoded], width: int) -> Passed:
    n = len(rows)
    count = np.array([int(row.answer[1:].sum()) for row in rows], dtype=np.int64)
    loss, max_logit, margin, entropy = (np.full(n, np.nan) for _ in range(4))
    return Passed(count, loss, max_logit, margin, entropy, np.full((n, width), np.nan, dtype=np.float32))


def _width(causal: Causal) -> int:
    return int(causal.model.get_input_embeddings().weight.shape[1])


def _vocabulary(causal: Causal) -> int:
    return int(causal.model.get_output_embeddings().weight.shape[0])


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    """No gradients and no dropout; the model is then in the mode it was in."""
    import torch

    training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        model.train(training)
