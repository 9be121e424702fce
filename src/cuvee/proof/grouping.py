"""Questions that move together: several prompts on one passage, or one template filled in again and again."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import orjson
import pyarrow as pa

from cuvee import render
from cuvee.arrays import I64
from cuvee.cleaners.tokens import Tokens, ngrams, tokens
from cuvee.errors import InputError

SHINGLE = 3  # words
SHARED = 0.5  # of the shorter prompt's shingles: two prompts that share so many are taken to move together
FEWEST = 8  # shingles that must be shared: short questions resemble each other by chance
TEMPLATE = 0.5  # share of a task's questions from which a shingle is the task's template, which all of it has
AUTO, OFF = "auto", "off"


def together(how: str, rows: pa.Table, tasks: Sequence[str]) -> list[str]:
    """Return of every question what it moves with, by the text that they share ("auto"), a column, or not at all ("off").

    rows: columns id, messages and raw.
    """
    if how == OFF:
        return [f"alone {name}" for name in rows["id"].to_pylist()]
    return found(rows, tasks) if how == AUTO else given(rows, how)


def given(rows: pa.Table, column: str) -> list[str]:
    """Return of every question what it moves with, from a column of the rows as they were read.

    rows: columns id and raw. A question without a value moves alone. Raises InputError where no row has the column.
    """
    values = [_value(raw, column) for raw in rows["raw"].to_pylist()]
    if not any(value is not None for value in values):
        raise InputError(f"no question has a column {column!r}", "name one of the rows' own columns with --together")
    names = rows["id"].to_pylist()
    return [f"alone {name}" if value is None else f"in {value}" for name, value in zip(names, values, strict=True)]


def found(rows: pa.Table, tasks: Sequence[str]) -> list[str]:
    """Return of every question what it moves with, by the text that prompts share.

    rows: columns id and messages. Prompts move together that share at least half of the shorter one's word 3-grams and at
    least 8, directly or through others. 3-grams of more than half of a task's questions are its template: all of the task
    has them, and its mean counts with them.
    """
    grams = ngrams(tokens([render.prompt(talk) for talk in rows["messages"].to_pylist()]), SHINGLE)
    labels = _joined(_without_templates(grams, tasks))
    names = rows["id"].to_pylist()
    sizes = Counter(labels.tolist())
    return [
        f"text {label}" if sizes[label] > 1 else f"alone {name}"
        for label, name in zip(labels.tolist(), names, strict=True)
    ]


def note(together: Sequence[str]) -> list[str]:
    """Return a line on how many questions are not alone."""
    sizes = [size for size in Counter(together).values() if size > 1]
    if not sizes:
        return []
    what = f"{sum(sizes):,} of {len(together):,} questions move together in {len(sizes):,} groups"
    return [f"{what} of up to {max(sizes):,}: each counts as one draw in the intervals"]


def _value(raw: bytes | None, column: str) -> str | None:
    try:
        row = orjson.loads(raw or b"null")
    except orjson.JSONDecodeError:
        return None
    value = row.get(column) if isinstance(row, dict) else None
    return None if value is None else str(value)


def _without_templates(grams: Tokens, tasks: Sequence[str]) -> list[set[int]]:
    """Return the different shingles of every prompt, without those of its task's template."""
    rows = [set(grams.row(at).tolist()) for at in range(len(grams))]
    often: dict[str, Counter[int]] = {}
    for task, row in zip(tasks, rows, strict=True):
        often.setdefault(task, Counter()).update(row)
    sizes = Counter(tasks)
    return [
        {gram for gram in row if sizes[task] < 3 or often[task][gram] <= TEMPLATE * sizes[task]}
        for task, row in zip(tasks, rows, strict=True)
    ]


def _joined(rows: Sequence[set[int]]) -> I64:
    """Return (n,) the number of the group that each row is joined to."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    place = {gram: at for at, gram in enumerate(set().union(*rows))}
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    columns = np.array([place[gram] for row in rows for gram in row], dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    held = csr_array((np.ones(len(columns), dtype=np.int32), columns, offsets), shape=(len(rows), max(1, len(place))))
    shared = (held @ held.T).tocoo()
    shorter = np.minimum(lengths[shared.row], lengths[shared.col])
    near = (shared.data >= FEWEST) & (shared.data >= SHARED * shorter)
    edges = csr_array((np.ones(int(near.sum())), (shared.row[near], shared.col[near])), shape=(len(rows),) * 2)
    labels: I64 = connected_components(edges, directed=False)[1].astype(np.int64)
    return labels
