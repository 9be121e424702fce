"""The held-out questions in two parts: one that the search looks at, one that only the confirmation does."""

from dataclasses import replace

import numpy as np

from cuvee.arrays import F64, I64
from cuvee.errors import InputError
from cuvee.proof.field import ProofField
from cuvee.proof.trial import Trial
from cuvee.rng import stream

FEWEST = 2  # questions of a part, in draws of chance


def parted(field: ProofField, *, seed: int) -> tuple[I64, I64]:
    """Return the numbers of the questions for the search and for the confirmation, ascending.

    What moves together stays together; of every task about half goes to each. Raises InputError where there are too few.
    """
    groups: dict[str, list[int]] = {}
    for at, name in enumerate(field.together):
        groups.setdefault(name, []).append(at)
    names = [sorted(groups)[at] for at in stream(seed, "search", "questions").permutation(len(groups)).tolist()]
    parts: tuple[list[int], list[int]] = ([], [])
    ahead: dict[str, int] = {}  # of a task, questions of the search less those of the confirmation
    for name in names:
        lead = sum(ahead.get(field.tasks[at], 0) for at in groups[name])
        side = 0 if lead < 0 or (lead == 0 and len(parts[0]) <= len(parts[1])) else 1
        parts[side].extend(groups[name])
        for at in groups[name]:
            ahead[field.tasks[at]] = ahead.get(field.tasks[at], 0) + (1 if side == 0 else -1)
    if len(groups) < 2 * FEWEST or min(map(len, parts)) < FEWEST:
        raise InputError(
            f"{len(groups)} questions that move apart are too few to search and to confirm", "raise --held-out"
        )
    found = [np.sort(np.array(part, dtype=np.int64)) for part in parts]
    return found[0], found[1]


def only(field: ProofField, at: I64) -> ProofField:
    """Return the field with these questions alone."""
    kept = at.tolist()
    return replace(
        field,
        held=[field.held[one] for one in kept],
        ids=[field.ids[one] for one in kept],
        prints=[field.prints[one] for one in kept],
        tasks=[field.tasks[one] for one in kept],
        together=[field.together[one] for one in kept],
    )


def judged_on(trial: Trial, at: I64) -> Trial:
    """Return a trial as these questions alone tell it."""
    values: dict[str, F64] = {metric: found[at] for metric, found in trial.values.items()}
    return replace(trial, values=values)
