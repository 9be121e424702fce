"""A pool whose faults are known: which rows are doubled, nearly doubled, wrong, cut short or empty."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cuvee.errors import ConfigError
from cuvee.planting.families import FAMILIES, sizes
from cuvee.planting.near import distinct, grams, jaccard, normal
from cuvee.planting.tables import TABLES
from cuvee.planting.task import Task, pick
from cuvee.rng import stream

Fault = Literal["exact-duplicate", "near-duplicate", "wrong-answer", "truncated-answer", "empty-answer"]

SHARES: dict[Fault, float] = {  # of all rows; the rest, 82 %, is right and said once
    "exact-duplicate": 0.04,
    "near-duplicate": 0.04,
    "wrong-answer": 0.05,
    "truncated-answer": 0.03,
    "empty-answer": 0.02,
}
NEAR = 0.8  # a planted near duplicate is at least this alike to its original (Jaccard of word 3-grams)
APART = 0.7  # rows of one family that are not planted as duplicates are less alike than this
FEWEST = 200  # below this some faults would have no row

WORD = re.compile(rf"\b({'|'.join(TABLES.swaps)})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Planted:
    """A row of the sample pool and what is known about it.

    row: id, instruction, input, output, task (alpaca's keys, and the family as task).
    original: the id of the row this one repeats, or whose answer it wrongly bears; else None.
    """

    row: dict[str, str]
    family: str
    fault: Fault | None
    original: str | None


@dataclass(frozen=True, slots=True)
class _Draft:
    """A row before it has an id; ``original`` is a position among the drafts."""

    task: Task
    family: str
    fault: Fault | None = None
    original: int | None = None


def plant(rows: int = 2000, *, seed: int = 0, among: Sequence[tuple[str, Task]] = ()) -> list[Planted]:
    """Return ``rows`` rows in random order, with each fault at its share in SHARES; ids tell nothing.

    Duplicates of either kind repeat a faultless row. among: family and task of rows to be among these, faultless.
    Raises ConfigError for fewer than 200 rows, or for so many that a family cannot make enough different texts.
    """
    if rows < FEWEST:
        raise ConfigError(f"a sample pool of {rows} rows is too small for its faults", f"ask for {FEWEST} or more")
    count = {fault: round(share * rows) for fault, share in SHARES.items()}
    doubles = count["exact-duplicate"] + count["near-duplicate"]
    drafts = [
        _Draft(task, family)
        for family, size in sizes(rows - doubles - len(among)).items()
        for task in _make(family, size, stream(seed, "demo", "family", family))
    ]
    rng = stream(seed, "demo", "faults")
    order = rng.permutation(len(drafts)).tolist()
    drafts += _near_duplicates(drafts, order, count["near-duplicate"], rng)
    drafts += _exact_duplicates(drafts, order, count["exact-duplicate"], rng)
    _spoil(drafts, order, count, rng)
    drafts += [_Draft(task, family) for family, task in among]
    return _named(drafts, stream(seed, "demo", "order").permutation(rows).tolist())


def _make(family: str, size: int, rng: np.random.Generator) -> list[Task]:
    """Return ``size`` tasks whose texts differ well from each other."""
    tasks: list[Task] = []
    for _ in range(8):
        tasks += [FAMILIES[family].make(rng) for _ in range(size + 10)]
        kept = distinct([text(task) for task in tasks], APART)
        tasks = [tasks[at] for at in kept]
        if len(tasks) >= size:
            return tasks[:size]
    raise ConfigError(f"family {family!r} has only {len(tasks)} texts that differ, not {size}", "ask for fewer rows")


def text(task: Task) -> str:
    """Return all that a task says, as duplicates are judged."""
    return "\n".join(part for part in task if part)


def _near_duplicates(drafts: list[_Draft], order: list[int], count: int, rng: np.random.Generator) -> list[_Draft]:
    """Return ``count`` near copies of rows in ``order``; takes their originals out of ``order``."""
    made: list[_Draft] = []
    for at in list(order):
        if len(made) == count:
            return made
        copy = _reworded(drafts[at].task, rng)
        if NEAR <= jaccard(grams(text(copy)), grams(text(drafts[at].task))) < 1.0:
            made.append(_Draft(copy, drafts[at].family, "near-duplicate", at))
            order.remove(at)
    raise ConfigError(f"only {len(made)} of {count} near duplicates can be made", "ask for fewer rows")


def _reworded(task: Task, rng: np.random.Generator) -> Task:
    """Return the task with one or two words of its question exchanged; never a word that the answer uses."""
    said = normal(task.output)
    words = sorted({word.lower() for word in WORD.findall(f"{task.instruction}\n{task.input}")} - set(said.split()))
    chosen = [words[at] for at in rng.permutation(len(words))[: int(rng.integers(1, 3))].tolist()]

    def exchange(match: re.Match[str]) -> str:
        found = match.group()
        new = TABLES.swaps[found.lower()] if found.lower() in chosen else found
        return new.capitalize() if found[0].isupper() else new

    return Task(WORD.sub(exchange, task.instruction), WORD.sub(exchange, task.input), task.output)


def _exact_duplicates(drafts: list[_Draft], order: list[int], count: int, rng: np.random.Generator) -> list[_Draft]:
    """Return ``count`` copies, a third each verbatim, in other case, in other white space; shortens ``order``."""
    originals, order[:] = order[:count], order[count:]
    copies = []
    for turn, at in enumerate(originals):
        task = drafts[at].task
        asked = (task.instruction, task.instruction.upper(), _spaced(task.instruction, rng))[turn % 3]
        copies.append(_Draft(task._replace(instruction=asked), drafts[at].family, "exact-duplicate", at))
    return copies


def _spaced(said: str, rng: np.random.Generator) -> str:
    """Return the text with other white space between some words, and at its end."""
    words = said.split(" ")
    return "".join(word + pick(rng, (" ", " ", "  ", "\u00a0", "\n")) for word in words)


def _spoil(drafts: list[_Draft], order: list[int], count: dict[Fault, int], rng: np.random.Generator) -> None:
    """Give rows of ``order`` a wrong, a cut and an empty answer, in place; donors of wrong answers stay as they are."""
    left = iter(order)
    wrong = [at for at, _ in zip(left, range(count["wrong-answer"]), strict=False)]
    empty = [at for at, _ in zip(left, range(count["empty-answer"]), strict=False)]
    long_enough = [at for at in left if len(drafts[at].task.output) >= 60]
    cut = long_enough[: count["truncated-answer"]]
    if len(cut) < count["truncated-answer"]:
        raise ConfigError("too few long answers to cut short", "ask for more rows")
    faultless = sorted(set(range(len(drafts))) - {*wrong, *empty, *cut})
    for at in wrong:
        donor = _donor(drafts, at, faultless, rng)
        drafts[at] = _answered(drafts[at], drafts[donor].task.output, "wrong-answer", donor)
    for at in empty:
        drafts[at] = _answered(drafts[at], "", "empty-answer")
    for at in cut:
        drafts[at] = _answered(drafts[at], _cut(drafts[at].task.output, rng), "truncated-answer")


def _answered(draft: _Draft, output: str, fault: Fault, original: int | None = None) -> _Draft:
    return _Draft(draft.task._replace(output=output), draft.family, fault, original)


def _donor(drafts: list[_Draft], at: int, faultless: list[int], rng: np.random.Generator) -> int:
    """Return a faultless row with another answer: of the same family where a question has one answer, else another."""
    own = FAMILIES[drafts[at].family].one_answer
    fits = [
        other
        for other in faultless
        if drafts[other].fault is None
        and (drafts[other].family == drafts[at].family) == own
        and normal(drafts[other].task.output) != normal(drafts[at].task.output)
    ]
    return pick(rng, fits)


def _cut(said: str, rng: np.random.Generator) -> str:
    """Return the first 40 to 80 % of the answer, ending inside a word."""
    low, high = int(len(said) * 0.4) + 1, int(len(said) * 0.8)
    inside = [end for end in range(low, high + 1) if said[end - 1].isalpha() and said[end].isalpha()]
    return said[: pick(rng, inside)]


def _named(drafts: list[_Draft], order: list[int]) -> list[Planted]:
    """Return the drafts in ``order``, with ids that count the rows in that order."""
    ids = {at: f"demo-{position:05d}" for position, at in enumerate(order, 1)}
    rows = []
    for at in order:
        draft = drafts[at]
        row = {"id": ids[at], **draft.task._asdict(), "task": draft.family}
        rows.append(Planted(row, draft.family, draft.fault, None if draft.original is None else ids[draft.original]))
    return rows
