"""Answers written by a model, in batches: greedy, or drawn with a seed that belongs to the row and not to its batch.

Prompts are padded on the left, so that all rows of a batch go on at the same place; position ids say where each one begins.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING

import numpy as np

from cuvee import rng
from cuvee.arrays import F64, I64
from cuvee.errors import ConfigError
from cuvee.models import meter
from cuvee.models.causal import Causal
from cuvee.render import Ids, Tokenizer

if TYPE_CHECKING:
    import torch
    from transformers import Cache

BATCH_TOKENS = {"cpu": 4_096, "cuda": 262_144}  # prompt and answer of all rows of a batch
Pick = Callable[["torch.Tensor", list[int]], list[int]]  # (b, vocabulary) logits, numbers of their rows -> b token ids


@dataclass(frozen=True)
class Sampling:
    """How a token is chosen. temperature: 0 is greedy. top_p: the least share of likelihood that is drawn from."""

    max_new_tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.max_new_tokens < 1 or self.temperature < 0 or not 0 < self.top_p <= 1:
            raise ConfigError(
                f"{self} cannot be done", "max-new-tokens from 1, temperature from 0, top-p above 0 and up to 1"
            )


@dataclass(frozen=True)
class Written:
    """One answer. text: without the end mark. tokens: written, end mark included. ended: whether it came to its end mark."""

    text: str
    tokens: int
    ended: bool


def room(causal: Causal, sampling: Sampling) -> int:
    """Return the longest prompt that leaves room for the answer. Raises ConfigError where there is none."""
    left = causal.max_length - sampling.max_new_tokens
    if left < 1:
        raise ConfigError(
            f"{causal.name} reads {causal.max_length} tokens, the answer alone may take {sampling.max_new_tokens}",
            "lower --max-new-tokens",
        )
    return left


def plan(lengths: Sequence[int], max_new_tokens: int, batch_tokens: int) -> list[I64]:
    """Return batches of row numbers, longest prompts first, each of at most ``batch_tokens`` with its answers."""
    order = np.argsort(-np.asarray(lengths), kind="stable").astype(np.int64)
    parts, at = [], 0
    while at < len(order):
        size = max(1, batch_tokens // (int(lengths[order[at]]) + max_new_tokens))
        parts.append(order[at : at + size])
        at += size
    return parts


def write(causal: Causal, prompts: Sequence[Ids], sampling: Sampling, *, keys: Sequence[str] = ()) -> list[Written]:
    """Return the answers to one batch of prompts (ids of ``render.encode_prompt``), in their order.

    keys: one name per row, which with the seed decides its draws; needed where temperature is not 0. Greedy answers are
    those of one row at a time, up to ties within rounding.
    """
    import torch

    ends = end_marks(causal)
    model, training = causal.model, causal.model.training
    model.eval()
    try:
        with torch.inference_mode():
            rows = _Batch(causal, prompts, _picker(sampling, keys)).run(sampling.max_new_tokens, ends)
    finally:
        model.train(training)
    meter.charge(forward=sum(map(len, prompts)) + sum(map(len, rows)))
    return [_written(causal.tokenizer, row, ends) for row in rows]


def end_marks(causal: Causal) -> frozenset[int]:
    """Return the token ids that end an answer: the tokenizer's, and those that the model's own settings name."""
    config = getattr(causal.model, "generation_config", None)
    named = getattr(config, "eos_token_id", None)
    more = named if isinstance(named, list) else [named]
    return frozenset(int(mark) for mark in [causal.tokenizer.eos_token_id, *more] if mark is not None)


class _Batch:
    """Rows being written; those that have ended leave, so that the others do not wait for them."""

    def __init__(self, causal: Causal, prompts: Sequence[Ids], pick: Pick) -> None:
        import torch

        self.causal, self.pick = causal, pick
        self.rows: list[list[int]] = [[] for _ in prompts]
        self.open = list(range(len(prompts)))
        width = max(map(len, prompts))
        ids = np.full((len(prompts), width), causal.tokenizer.pad_token_id or 0, dtype=np.int64)
        mask = np.zeros_like(ids)
        for at, prompt in enumerate(prompts):
            ids[at, width - len(prompt) :], mask[at, width - len(prompt) :] = prompt, 1
        self.ids = torch.from_numpy(ids).to(causal.device)
        self.mask = torch.from_numpy(mask).to(causal.device)
        self.cache: Cache | None = None
        known = signature(causal.model.forward).parameters
        self.last_only = {"logits_to_keep": 1} if "logits_to_keep" in known else {}

    def run(self, steps: int, ends: frozenset[int]) -> list[list[int]]:
        """Write at most this many tokens; return them per row, end mark included."""
        for step in range(steps):
            tokens = self._next()
            for row, token in zip(self.open, tokens, strict=True):
                self.rows[row].append(token)
            going = [at for at, token in enumerate(tokens) if token not in ends]
            if not going or step + 1 == steps:
                break
            self._go_on(going, [tokens[at] for at in going])
        return self.rows

    def _next(self) -> list[int]:
        places = (self.mask.cumsum(1) - 1).clamp(min=0)[:, -self.ids.shape[1] :]
        said = self.causal.model(
            input_ids=self.ids,
            attention_mask=self.mask,
            position_ids=places,
            past_key_values=self.cache,
            use_cache=True,
            **self.last_only,
        )
        self.cache = said.past_key_values
        return self.pick(said.logits[:, -1].float(), self.open)

    def _go_on(self, going: list[int], tokens: list[int]) -> None:
        import torch

        if len(going) < len(self.open):
            kept = torch.tensor(going, device=self.ids.device)
            assert self.cache is not None
            self.cache.batch_select_indices(kept)
            self.mask = self.mask[kept]
            self.open = [self.open[at] for at in going]
        self.ids = torch.tensor(tokens, device=self.ids.device)[:, None]
        self.mask = torch.cat([self.mask, torch.ones_like(self.ids)], dim=1)


def _picker(sampling: Sampling, keys: Sequence[str]) -> Pick:
    if not sampling.temperature:
        return lambda logits, rows: [int(token) for token in logits.argmax(1).tolist()]
    streams = [rng.stream(sampling.seed, "write", key) for key in keys]

    def draw(logits: "torch.Tensor", rows: list[int]) -> list[int]:
        chances = (logits / sampling.temperature).softmax(1).double().cpu().numpy()
        return [
            _drawn(chance, streams[row].random(), sampling.top_p) for chance, row in zip(chances, rows, strict=True)
        ]

    return draw


def _drawn(chance: F64, uniform: float, top_p: float) -> int:
    """Return the token that a uniform number stands for, among the likeliest ones that hold ``top_p`` together."""
    order = np.argsort(-chance, kind="stable")
    sums = np.cumsum(chance[order])
    kept = int(np.searchsorted(sums, top_p * sums[-1], side="left")) + 1
    return int(
        order[np.searchsorted(sums[:kept], uniform * sums[min(kept, len(sums)) - 1], side="right").clip(0, kept - 1)]
    )


def _written(tokenizer: Tokenizer, row: list[int], ends: frozenset[int]) -> Written:
    ended = bool(row) and row[-1] in ends
    return Written(tokenizer.decode(row[:-1] if ended else row, skip_special_tokens=True), len(row), ended)
