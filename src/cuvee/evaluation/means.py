"""Means of a table, per task and over all, with bootstrap standard errors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cuvee import rng
from cuvee.arrays import F64
from cuvee.evaluation.table import MEASURES, TABLE

DRAWS = 1_000
QUESTIONS = "(all questions)"  # every question weighs alike
TASKS = "(all tasks)"  # every task weighs alike
_CELLS = 1 << 22  # weights in memory at once


class Mean(TypedDict):
    """One mean: of a measure over a task, over ``QUESTIONS`` or over ``TASKS``. n: questions. se: standard error."""

    task: str
    measure: str
    n: int
    mean: float
    se: float | None
    higher_is_better: bool


def means(table: pa.Table, *, seed: int, draws: int = DRAWS) -> list[Mean]:
    """Return one row per task and measure, then those over all: task, measure, n, mean, se, higher_is_better.

    "loss" weighs questions alike, "token_loss" weighs them by their tokens. se: standard deviation of the mean over
    resampled questions (Efron 1979), for ``TASKS`` resampled within each task; null for fewer than two questions.
    """
    names = [name for name in table.column_names if name in MEASURES or name not in TABLE.names]
    tasks = np.array(table["task"].to_pylist(), dtype=object)
    weights = table["tokens"].to_numpy(zero_copy_only=False).astype(np.float64)
    found: list[Mean] = []
    for name in names:
        values = table[name].to_numpy(zero_copy_only=False).astype(np.float64)
        found += _measure(_Column(name, values, tasks, np.ones(len(tasks))), seed, draws)
        if name == "loss":
            found += _measure(_Column("token_loss", values, tasks, weights), seed, draws)
    return found


@dataclass(frozen=True)
class _Column:
    """A measure of n questions: its values (NaN where it has no meaning), their tasks, and what each weighs."""

    name: str
    values: F64
    tasks: npt.NDArray[np.object_]
    weights: F64


def _measure(column: _Column, seed: int, draws: int) -> list[Mean]:
    name, values, tasks, weights = column.name, column.values, column.tasks, column.weights
    there = ~np.isnan(values)
    labels = sorted(set(tasks[there]))
    if not labels:
        return []
    found: list[Mean] = []
    drawn = []
    for label in labels:
        mine = there & (tasks == label)
        mean, sample = resampled(values[mine], weights[mine], seed, f"{name}\x1f{label}", draws)
        found.append(_told(label, name, int(mine.sum()), mean, sample))
        drawn.append(sample)
    if len(labels) > 1:
        mean, sample = resampled(values[there], weights[there], seed, name, draws)
        found.append(_told(QUESTIONS, name, int(there.sum()), mean, sample))
        over = float(np.mean([row["mean"] for row in found[:-1]]))
        found.append(_told(TASKS, name, int(there.sum()), over, np.mean(drawn, axis=0)))
    return found


def _told(task: str, name: str, n: int, mean: float, sample: F64) -> Mean:
    higher = MEASURES[name].higher_is_better if name in MEASURES else name != "token_loss"
    spread = None if n < 2 or np.isnan(sample).any() else float(sample.std(ddof=1))
    return {"task": task, "measure": name, "n": n, "mean": mean, "se": spread, "higher_is_better": higher}


def resampled(values: F64, weights: F64, seed: int, name: str, draws: int = DRAWS) -> tuple[float, F64]:
    """Return the weighted mean of n values, and (draws,) means of n of them drawn with replacement."""
    n, stream = len(values), rng.stream(seed, "bootstrap", name)
    rows = max(1, _CELLS // n)
    parts = []
    for start in range(0, draws, rows):
        times = stream.multinomial(n, np.full(n, 1 / n), size=min(rows, draws - start)).astype(np.float64)
        parts.append((times @ (values * weights)) / (times @ weights))
    return float((values * weights).sum() / weights.sum()), np.concatenate(parts)


def as_table(rows: Sequence[Mean]) -> pa.Table:
    """Return the means as a table."""
    kinds = {"task": pa.string(), "measure": pa.string(), "n": pa.int64(), "mean": pa.float64(), "se": pa.float64()}
    return pa.Table.from_pylist(list(rows), pa.schema([*kinds.items(), ("higher_is_better", pa.bool_())]))
