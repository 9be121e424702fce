"""Replies of a distiller to many prompts, batch by batch; what a killed run has written is found again."""

from collections.abc import Sequence
from dataclasses import dataclass

from cuvee.evaluation.journal import Journal
from cuvee.models import generation
from cuvee.models.causal import Causal
from cuvee.models.generation import Sampling, Written
from cuvee.progress import bar
from cuvee.render import Ids, Messages, encode_prompt


@dataclass(frozen=True)
class Replied:
    """What came back. replies: one per prompt. cut: (n,) tokens that a prompt lost at its beginning."""

    replies: list[Written]
    cut: list[int]


def write(  # noqa: PLR0913 the model, what it is asked and how; the last two a call may leave out
    causal: Causal,
    talks: Sequence[Messages],
    sampling: Sampling,
    journal: Journal,
    *,
    label: str = "distilling",
    batch_tokens: int | None = None,
) -> Replied:
    """Return the model's replies to conversations, in order. journal: keeps every batch as soon as it is written."""
    prompts = [encode_prompt(talk, causal.tokenizer) for talk in talks]
    longest = generation.room(causal, sampling)
    shown = [ids[-longest:] for ids in prompts]
    tokens = batch_tokens or generation.BATCH_TOKENS["cuda" if causal.device.startswith("cuda") else "cpu"]
    parts = generation.plan([len(ids) for ids in shown], sampling.max_new_tokens, tokens)
    replies: list[Written | None] = [None] * len(talks)
    kept = sum(len(part) for number, part in enumerate(parts) if number in journal.done)
    with bar(label, len(talks), "rows", done=kept) as advance:
        for number, part in enumerate(parts):
            if number not in journal.done:
                journal.add(number, [vars(one) for one in _batch(causal, [shown[at] for at in part], sampling)])
                advance(len(part))
            for at, told in zip(part, journal.done[number], strict=True):
                replies[at] = Written(**told)
    return Replied([one for one in replies if one], [len(a) - len(b) for a, b in zip(prompts, shown, strict=True)])


def _batch(causal: Causal, prompts: Sequence[Ids], sampling: Sampling) -> list[Written]:
    return generation.write(causal, prompts, sampling, keys=[str(at) for at in range(len(prompts))])
