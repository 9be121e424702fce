"""Where a pool stands on the map (docs/when.md): how unequal its modes are, how much of it repeats, how noisy its answers look.

A mode is a task where rows have one, else a group of prompts that are made alike. Nothing here reads a budget: what is
measured is the pool, so that a choice made by it is a prefix of a larger one.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cuvee import render, rng
from cuvee.arrays import F32, I64
from cuvee.samples.pool import BarePool
from cuvee.scorers import seam
from cuvee.scorers.nearest import canonical
from cuvee.selectors.form import forms, kind
from cuvee.selectors.strata import clustered

SAMPLE = 10_000  # rows that are looked at, evenly spaced over their contents
LABELLED = 0.9  # share of rows with a task from which tasks are modes: fewer say little of the others
CLUSTERS, PER_CLUSTER = 120, 5  # forms at most, as in ``forms``; rows for each at least
ALIKE = 0.7  # cosine of two prompts' forms from which they count as made from one template
# Share of rows with such a neighbour from which forms are modes: 0.94 of T0, 0.93 of Toolformer, 0.64 of Dolly, 0.44 of Alpaca.
REPEATING = 0.75
NEIGHBOURS = 5


@dataclass(frozen=True)
class MapPlace:
    """What was measured.

    by: what modes are, "task", "form", or "" where few prompts repeat a template. sizes: rows of each mode, largest first.
    imbalance: the power with which they fall by rank, 0 for equal ones, 1 for Zipf's law. duplicates: share of rows that
    repeat another word for word. noise: share of answers that look as if they belonged to other prompts; clean pools have
    some such too, so it is more than the truth. None where few prompts are made alike.
    repeating: share of rows whose prompt is made like another's.
    """

    rows: int
    by: str
    sizes: I64
    duplicates: float
    noise: float | None
    repeating: float

    @cached_property
    def imbalance(self) -> float:
        """The slope of log size over log rank, large modes weighing most; 0 with one mode."""
        if len(self.sizes) < 2:
            return 0.0
        x, y, w = np.log(np.arange(1, len(self.sizes) + 1)), np.log(self.sizes), self.sizes / self.sizes.sum()
        x, y = x - w @ x, y - w @ y
        return max(0.0, -float((w * x) @ y / ((w * x) @ x)))

    def per_mode(self, k: int) -> float:
        """Return the rows of each mode that a budget of k rows has."""
        return k / max(1, len(self.sizes))


def place_of(pool: BarePool) -> MapPlace:
    """Return where a pool stands, a function of the contents of its rows; it needs a column of messages.

    Raises SelectionError where the pool has none.
    """
    order = canonical(pool)
    keys = pool.keys[order]
    repeats = float((np.diff(keys) == 0).sum() / max(1, len(keys)))
    different = order[np.concatenate([[True], np.diff(keys) != 0])[: len(order)]]
    seen = different
    if len(different) > SAMPLE:
        seen = different[np.linspace(0, len(different) - 1, SAMPLE).astype(np.int64)]
    looked = BarePool(pool.table.take(seen))
    X = forms(looked)
    near = _near(X)
    repeating = float((near >= 0).any(axis=1).mean()) if len(seen) else 0.0
    sizes = _tasks(pool)
    by = "task" if sizes is not None else "form" if repeating >= REPEATING else ""
    modes = sizes if sizes is not None else _groups(looked, X) if by else np.array([len(pool)])
    noise = _noise(_signs(looked), near) if repeating >= REPEATING else None
    return MapPlace(len(pool), by, -np.sort(-modes[modes > 0]), repeats, noise, repeating)


def _tasks(pool: BarePool) -> I64 | None:
    """Return the rows of each task, None where the pool has no such labels."""
    if "task" not in pool.table.column_names or not len(pool):
        return None
    named = pool.table["task"].drop_null()
    counts = np.array(named.value_counts().field("counts").to_pylist(), dtype=np.int64)
    told = len(named) >= LABELLED * len(pool) and 2 <= len(counts) <= len(pool) / 2
    return counts if told else None


def _groups(pool: BarePool, X: F32) -> I64:
    """Return the rows of each group of forms."""
    labels, _ = clustered(pool, X, clusters_of(len(pool)), rng.stream(0, "place"))
    return np.bincount(labels)


def clusters_of(rows: int) -> int:
    """Return how many groups of forms so many rows are cut into."""
    return max(2, min(CLUSTERS, rows // PER_CLUSTER))


def _near(X: F32) -> I64:
    """Return (n, ``NEIGHBOURS``) rows whose prompts are made alike, -1 where there is none; the answer's part is left out."""
    from cuvee.geometry.neighbours import neighbours

    prompts = X[:, 4:] / np.maximum(np.linalg.norm(X[:, 4:], axis=1, keepdims=True), 1e-12)
    near, cosines = neighbours(np.ascontiguousarray(prompts, dtype=np.float32), NEIGHBOURS)
    return np.where(cosines >= ALIKE, near, -1)


def _noise(signs: I64, near: I64) -> float | None:
    """Return about which share of answers belongs to other prompts.

    Two rows whose prompts are made alike agree in what kind of answer they have more often than any two rows do. If a share
    q of answers were swapped, both of a pair would be right with (1 - q)^2, else they agree as any two; solved for q, with
    pairs of clean rows taken to agree always, which makes it too high.
    """
    shares = np.bincount(signs) / len(signs)
    apart = 1 - float((shares**2).sum())  # how often any two rows differ
    if apart < 0.05:
        return None
    differ = float((signs[near] != signs[:, None])[near >= 0].mean())
    return float(1 - max(0.0, 1 - differ / apart) ** 0.5)


def _signs(pool: BarePool) -> I64:
    """Return (n,) codes of what an answer looks like: a word, a line or more, a number, how it begins, about how long."""
    found = []
    for talks in seam.talks(pool, "the estimate of noise"):
        for talk in talks:
            answer = (render.response(talk) or "").strip()
            start = "0" if answer[:1].isdigit() else "A" if answer[:1].isupper() else "a"
            found.append(f"{kind(answer)}{start}{len(answer).bit_length() // 2}")
    return np.unique(np.array(found, dtype=object).astype(str), return_inverse=True)[1].astype(np.int64)
