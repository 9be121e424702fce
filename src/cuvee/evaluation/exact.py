"""Exact match of short answers: whether a model, asked a row's question, writes the row's own answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cuvee.arrays import F64, I64
from cuvee.evaluation.answers import FINAL, exact, exact_final
from cuvee.models import generation
from cuvee.models.causal import Causal
from cuvee.models.generation import Sampling
from cuvee.progress import bar
from cuvee.render import Encoded, Ids, Messages, encode_prompt


@dataclass(frozen=True)
class Asked:
    """The questions among q conversations that are put to models.

    rows: (m,) their numbers. prompts: ids before the last answer. rights: that answer's text. total: q. sampling: greedy,
    with the most tokens that an answer may have.
    """

    rows: I64
    prompts: list[Ids]
    rights: list[str]
    total: int
    sampling: Sampling


def ask(talks: Sequence[Messages], encoded: Sequence[Encoded], tokenizer: Any, max_new_tokens: int) -> Asked:
    """Return the questions whose last answer takes at most so many tokens: what is longer is never met word for word.

    encoded: the conversations as ``losses`` reads them; one that lost its left end there is not put either.
    """
    sampling = Sampling(max_new_tokens=max_new_tokens)
    rows, prompts, rights = [], [], []
    for at, (talk, whole) in enumerate(zip(talks, encoded, strict=True)):
        right = talk[-1]["content"] if talk and talk[-1]["role"] == "assistant" else None
        if not right or whole.cut:
            continue
        prompt = encode_prompt(talk, tokenizer)
        if 0 < len(whole.ids) - len(prompt) <= max_new_tokens:
            rows.append(at)
            prompts.append(prompt)
            rights.append(right)
    return Asked(np.array(rows, dtype=np.int64), prompts, rights, len(talks), sampling)


def matches(causal: Causal, asked: Asked, *, label: str = "answering") -> F64:
    """Return (q,) 1 where the greedy answer is the right one, 0 where it is not, NaN where nothing was asked.

    A right answer with "####" (GSM8K) is compared by what stands after it, any other by ``answers.exact``.
    """
    found: F64 = np.full(asked.total, np.nan)
    size = generation.BATCH_TOKENS["cuda" if causal.device.startswith("cuda") else "cpu"]
    parts = generation.plan([len(ids) for ids in asked.prompts], asked.sampling.max_new_tokens, size)
    with bar(label, len(asked.rows), unit="answers") as advance:
        for part in parts:
            written = generation.write(causal, [asked.prompts[at] for at in part], asked.sampling)
            found[asked.rows[part]] = [
                is_right(one.text, asked.rights[at]) for at, one in zip(part, written, strict=True)
            ]
            advance(len(part))
    return found


def is_right(text: str, right: str) -> bool:
    """Return whether an answer is the right one."""
    return exact_final(text, right) if FINAL in right else exact(text, right)
