"""Batched passes of a language model over rendered rows: losses, uncertainty and hidden states, nothing computed twice.

Rows are sorted by length and read in batches of a bounded number of tokens, padded on the right, where a causal model does
not see it. The vocabulary head is applied only where a token of an answer is predicted, a bounded number at a time.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cuvee.arrays import F32, F64, I64
from cuvee.errors import ConfigError
from cuvee.models.causal import Causal
from cuvee.models.heads import Project, Read, reader
from cuvee.models.logits import predicted, told
from cuvee.progress import Advance, bar
from cuvee.render import Encoded

if TYPE_CHECKING:
    import torch

WANTS = ("loss", "max_logit", "margin", "entropy", "hidden")
LATE = "late"  # in place of "hidden": the same column, later tokens weighing more
SPACES = {"hidden", LATE}
BATCH_TOKENS = {"cpu": 512, "cuda": 32_768}  # a small batch stays in the cache of a core
LOGITS = {"cpu": 1 << 23, "cuda": 1 << 28}  # how many a batch has in memory at once


@dataclass(frozen=True)
class Passed:
    """What a model says of n rows, in their order. What was not asked for is NaN, and hidden (n, 0).

    count: (n,) answer tokens that were predicted: all but a row's very first token, which has no context. loss: (n,) sum of
    their negative log-likelihoods, in nats. max_logit, margin, entropy: (n,) mean over the same positions of the largest
    logit, of the gap between the two largest, and of the entropy in nats. NaN where count is 0. hidden: (n, d) float32 mean
    over all tokens of the last layer, after its final norm; where "late" was wanted, the t-th token weighs t (SGPT, arXiv
    2202.08904; RDS+, 2503.01807). NaN for a row without tokens.
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


def passes(  # noqa: PLR0913 two say what is read, the others how, and most calls leave those out
    causal: Causal,
    rows: Sequence[Encoded],
    want: Collection[str] = ("loss",),
    *,
    batch_tokens: int | None = None,
    label: str = "reading",
    advance: Advance | None = None,
) -> Passed:
    """Read every row once and return what is wanted: some of ``WANTS``, or "late".

    batch_tokens: tokens of a batch, padding included; a longer row is a batch of its own. None: by device. It does not
    change the results beyond rounding (1e-5). advance: told how many tokens were read; None shows a bar of its own.
    Raises ConfigError for an unknown want.
    """
    for name in want:
        if name not in (*WANTS, LATE):
            raise ConfigError(f"a pass cannot return {name!r}", f"some of {', '.join(WANTS)}")
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    found = _nothing(rows, width(causal) if SPACES & set(want) else 0)
    parts = list(batches(lengths, batch_tokens or BATCH_TOKENS[_kind(causal)]))
    shown = bar(label, int(lengths.sum()), unit="tokens") if advance is None else nullcontext(advance)
    with _evaluating(causal.model), shown as tell:
        step = max(1, LOGITS[_kind(causal)] // _vocabulary(causal))
        reading = _Reading(reader(causal), causal, rows, frozenset(want), found, step)
        for tokens in _each(reading.batch, parts, _workers(causal)):
            tell(tokens)
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


@dataclass(frozen=True)
class _Reading:
    """One call of ``passes``: what its batches share. They write to rows of their own, so they may run side by side."""

    read: Read
    causal: Causal
    rows: Sequence[Encoded]
    want: frozenset[str]
    found: Passed
    step: int  # positions whose logits are in memory at once

    def batch(self, at: I64) -> int:
        """Read the rows of these numbers and write their results; return how many tokens they have."""
        import torch

        rows = [self.rows[row] for row in at]
        ids = _padded(rows, self.causal.tokenizer.pad_token_id or 0)
        with torch.inference_mode():
            hidden, project = self.read(torch.from_numpy(ids).to(self.causal.device))
            if self.want & SPACES:
                self.found.hidden[at] = _means(hidden, [len(row) for row in rows], late=LATE in self.want)
            if self.want - SPACES:
                self._answers(rows, at, ids.shape[1], project)
        return sum(map(len, rows))

    def _answers(self, rows: list[Encoded], at: I64, width: int, project: Project) -> None:
        asked = predicted(rows, width)
        values = told(project, asked, self.want, self.step, self.causal.device)
        row = asked.places // width
        count = np.bincount(row, minlength=len(rows))
        for name, column in values.items():
            total = np.bincount(row, weights=column, minlength=len(rows))[count > 0]
            result: F64 = getattr(self.found, name)
            result[at[count > 0]] = total if name == "loss" else total / count[count > 0]


def _each(work: Callable[[I64], int], parts: list[I64], workers: int) -> Iterator[int]:
    """Yield the results in order. Workers are threads with one core each: they wait for each other far less often than
    the cores of one product do.
    """
    import torch

    if workers == 1 or len(parts) < workers:
        yield from map(work, parts)
        return
    pool = ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,))
    try:
        yield from pool.map(work, parts)
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(workers)  # a new thread takes the number that was set last, wherever that was


def _workers(causal: Causal) -> int:
    """Return how many batches are read at once: one on a GPU, and where positions change the model's state."""
    import torch

    rope = getattr(causal.model.config.get_text_config(), "rope_parameters", None) or {}
    if _kind(causal) != "cpu" or rope.get("rope_type") in ("dynamic", "longrope"):
        return 1
    return int(torch.get_num_threads())


def _means(hidden: "torch.Tensor", lengths: list[int], *, late: bool) -> F32:
    """Return (b, d) means over the tokens of each row, padding left out. late: the t-th token weighs t."""
    import torch

    many = torch.tensor(lengths, device=hidden.device)[:, None]
    place = torch.arange(hidden.shape[1], device=hidden.device)
    if late:
        weights = (place < many) * (place + 1) / (many * (many + 1) / 2)
        weighted: F32 = (weights[:, None] @ hidden.float())[:, 0].cpu().numpy()
        return weighted
    inside = (place < many).to(hidden)
    means: F32 = (torch.bmm(inside[:, None], hidden)[:, 0].float() / many).cpu().numpy()
    return means


def _padded(rows: list[Encoded], pad: int) -> I64:
    """Return (b, m) ids, padded on the right."""
    ids = np.full((len(rows), max(map(len, rows))), pad, dtype=np.int64)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = row.ids
    return ids


def _nothing(rows: Sequence[Encoded], width: int) -> Passed:
    n = len(rows)
    count = np.array([int(row.answer[1:].sum()) for row in rows], dtype=np.int64)
    loss, max_logit, margin, entropy = (np.full(n, np.nan) for _ in range(4))
    return Passed(count, loss, max_logit, margin, entropy, np.full((n, width), np.nan, dtype=np.float32))


def _kind(causal: Causal) -> str:
    return "cuda" if causal.device.startswith("cuda") else "cpu"


def width(causal: Causal) -> int:
    """Return d, the length of a hidden state."""
    return int(causal.model.get_input_embeddings().weight.shape[1])


def _vocabulary(causal: Causal) -> int:
    return int(causal.model.get_output_embeddings().weight.shape[0])


@contextmanager
def _evaluating(model: "torch.nn.Module") -> Iterator[None]:
    """No gradients and no dropout; the model is then in the mode it was in."""
    import torch

    training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        model.train(training)
