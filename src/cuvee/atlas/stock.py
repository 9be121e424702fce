"""The stock: labelled rows, short enough to be cheap, that pools are made of."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cuvee import render
from cuvee.arrays import I64
from cuvee.errors import InputError
from cuvee.rng import stream

HALVES = {"all": (0, 1), "first": (0,), "second": (1,)}
"""Which half of the tasks pools are made of: a win found on one can be confirmed on the other."""


@dataclass(frozen=True)
class Stock:
    """Rows by task. table: columns of ``samples.schema.SAMPLE``. tasks: name -> its row numbers."""

    table: pa.Table
    tasks: dict[str, I64]


def stock_of(table: pa.Table, longest: int, half: str) -> Stock:
    """Return the different rows of a table that have a task, a prompt, an answer, and at most ``longest`` bytes of text.

    half: a name in ``HALVES``. Raises InputError where no row has a task.
    """
    labelled = table.filter(pa.compute.is_valid(table["task"])).combine_chunks()
    if not labelled.num_rows:
        raise InputError(
            "no row has a task", "regimes are made of labelled rows: name their column with --columns task=..."
        )
    texts = render.plain_column(labelled["messages"])
    prints = labelled["fingerprint"].to_pylist()
    first = {value: row for row, value in reversed(list(enumerate(prints)))}
    answers = [render.response(talk) for talk in labelled["messages"].to_pylist()]
    short = [
        row
        for row, text in enumerate(texts)
        if len(text.encode()) <= longest and first[prints[row]] == row and (answers[row] or "").strip()
    ]
    kept = labelled.take(pa.array(short, pa.int64()))
    names = np.array(kept["task"].to_pylist(), dtype=object)
    found = sorted(set(names.tolist()))
    side = stream(0, "halves").permutation(len(found)) % 2
    chosen = [name for name, one in zip(found, side.tolist(), strict=True) if one in HALVES[half]]
    return Stock(kept, {name: np.flatnonzero(names == name).astype(np.int64) for name in chosen})
