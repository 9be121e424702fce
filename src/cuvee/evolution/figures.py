"""What is known of a round: its ``figures.json``, and what the figures of all rounds say about the next one."""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from cuvee.arrays import F64
from cuvee.training.sft import Trained

SMALL = 1e-3  # nats: a round that gains less than this counts as one without a gain

# One round. rows: that it trained on. "held-out loss": nats per answer token, the mean over tasks ("by task") of the mean over
# a task's questions. "train loss": of the last step. tokens: read, padding not counted.
RoundFigures = TypedDict(
    "RoundFigures",
    {
        "round": int,
        "rows": int,
        "held-out loss": float,
        "by task": dict[str, float],
        "train loss": float | None,
        "steps": int,
        "tokens": int,
    },
)


def of_round(number: int, rows: int, trained: Trained, losses: F64, tasks: Sequence[str]) -> RoundFigures:
    """Return the figures of a round. losses: (q,) of the held-out questions, tasks: of each."""
    by_task = {name: float(np.mean(losses[np.array(tasks) == name])) for name in sorted(set(tasks))}
    return {
        "round": number,
        "rows": rows,
        "held-out loss": float(np.mean(list(by_task.values()))),
        "by task": by_task,
        "train loss": trained.curve[-1]["loss"] if trained.curve else None,
        "steps": trained.steps,
        "tokens": trained.tokens,
    }


def exhausted(rounds: Sequence[RoundFigures], patience: int) -> bool:
    """Return whether the last ``patience`` rounds gained less than SMALL over the best before them; never for 0."""
    losses = [one["held-out loss"] for one in rounds]
    return 0 < patience < len(losses) and min(losses[:-patience]) - min(losses[-patience:]) < SMALL


def best_of(rounds: Sequence[RoundFigures]) -> int:
    """Return the round whose held-out loss is the lowest, the first of equals."""
    return int(np.argmin([one["held-out loss"] for one in rounds]))
