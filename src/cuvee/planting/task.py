"""What a family makes, and how it draws."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

T = TypeVar("T")


class Task(NamedTuple):
    """An instruction, the text it works on ("" where there is none) and its right answer."""

    instruction: str
    input: str
    output: str


Make = Callable[[np.random.Generator], Task]


def pick(rng: np.random.Generator, items: Sequence[T]) -> T:
    """Return one item, all equally likely."""
    return items[int(rng.integers(len(items)))]


def several(rng: np.random.Generator, items: Sequence[T], count: int) -> list[T]:
    """Return ``count`` different items in random order."""
    return [items[at] for at in rng.permutation(len(items))[:count].tolist()]


def whole(rng: np.random.Generator, low: int, high: int) -> int:
    """Return a whole number from low to high, both included."""
    return int(rng.integers(low, high + 1))
