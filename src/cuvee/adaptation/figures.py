"""What the files of a final run hold, for those who read them."""

from dataclasses import dataclass
from typing import TypedDict

from cuvee.arrays import F32, I64
from cuvee.result.methods import Reached


@dataclass(frozen=True, kw_only=True)
class FinalFigures:
    """The final run. importance: column -> share of picks that change when it is shuffled. device: where it was trained.

    performance: on the goal's validation part before the first decision and after each one, more is better.
    """

    end: Reached
    importance: dict[str, float]
    performance: list[float]
    tokens: int
    curve: list[dict[str, float]]
    steps: int
    device: str


class PickedRows(TypedDict):
    """Everything that a final run saw, in order: step (0 = first), row (of the pool), cluster, and the policy's score."""

    step: I64
    row: I64
    cluster: I64
    score: F32
