"""Which examples are learnt from, and which ones a distiller is judged on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cuvee import render, rng
from cuvee.budget import Budget
from cuvee.distiller.examples import Example
from cuvee.errors import InputError
from cuvee.render import Encoded, Tokenizer


def split(every: Sequence[Example], held_out: Budget, *, seed: int) -> tuple[list[Example], list[Example]]:
    """Return the examples to learn from and those held out, drawn at random: no topic stands on both sides."""
    wanted = held_out.rows(len(every))
    order = rng.stream(seed, "distill", "held-out").permutation(len(every))
    held = [every[at] for at in order[:wanted]]
    taken = {topic for example in held for topic in _topics(example)}
    seen = [every[at] for at in np.sort(order[wanted:]) if not taken & set(_topics(every[at]))]
    if not seen or not held:
        raise InputError(f"{len(every)} examples are too few to hold some out", "give a larger corpus")
    return seen, held


def _topics(example: Example) -> tuple[str, ...]:
    return example.topics or (example.id,)


@dataclass(frozen=True)
class Fitting:
    """Examples whose prompt leaves room for the whole reply, and their tokens. too_long: how many others there are."""

    examples: list[Example]
    rows: list[Encoded]
    too_long: int

    @property
    def length(self) -> float:
        """The mean tokens of an example."""
        return sum(map(len, self.rows)) / len(self.rows)


def fitting(seen: Sequence[Example], tokenizer: Tokenizer, longest: int) -> Fitting:
    """Return the examples of at most ``longest`` tokens: one that lost its end would teach to stop in the middle.

    Raises InputError where there is none.
    """
    rows = render.encode_all([example.messages() for example in seen], tokenizer)
    kept = [(example, row) for example, row in zip(seen, rows, strict=True) if len(row) <= longest]
    if not kept:
        raise InputError(f"no example fits into {longest} tokens", "raise --max-length")
    return Fitting([example for example, _ in kept], [row for _, row in kept], len(seen) - len(kept))
