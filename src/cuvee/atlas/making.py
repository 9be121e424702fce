"""Make a pool of one kind from the stock, and the rows that it is judged on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import xxhash

from cuvee.arrays import I64
from cuvee.atlas.regime import Kind, sizes
from cuvee.atlas.stock import Stock
from cuvee.errors import InputError
from cuvee.rng import stream

Talk = list[dict[str, object]]


@dataclass(frozen=True)
class Size:
    """How large what is made is. tasks, rows: of a pool. questions: per task. unseen: tasks that are not in the pool."""

    tasks: int
    rows: int
    questions: int
    unseen: int


@dataclass(frozen=True)
class MadePool:
    """Rows to choose from, and rows to be judged on, by their numbers in the stock.

    rows: (n,) of the pool; answers: (n,) whose answer each one has, its own unless it was swapped. known: (q,) questions of
    the pool's tasks, as many of each; unknown: of tasks that are not in the pool.
    """

    rows: I64
    answers: I64
    known: I64
    unknown: I64

    def table(self, stock: Stock) -> pa.Table:
        """Return the pool's rows with the answers that they have here."""
        rows = stock.table.take(pa.array(self.rows))
        swapped = self.rows != self.answers
        if not swapped.any():
            return rows
        talks: list[Talk] = rows["messages"].to_pylist()
        others: list[Talk] = stock.table["messages"].take(pa.array(self.answers)).to_pylist()
        prints = rows["fingerprint"].to_pylist()
        for at in np.flatnonzero(swapped).tolist():
            talks[at] = [*talks[at][:-1], {**talks[at][-1], "content": others[at][-1]["content"]}]
            prints[at] = xxhash.xxh3_128_digest(prints[at] + bytes(str(others[at][-1]["content"]), "utf-8"))
        rows = _with(rows, "messages", talks)
        return _with(rows, "fingerprint", prints)


def made(stock: Stock, kind: Kind, size: Size, seed: int) -> MadePool:
    """Return a pool of this kind; the same seed takes the same tasks and rows for every kind, as far as these allow.

    Raises InputError where the stock has too few tasks that are large enough.
    """
    wanted = sizes(size.tasks, size.rows, kind.imbalance)
    names = _drawn(stock, wanted.tolist(), size, seed)
    chance = stream(seed, "made", kind.name)
    pool: list[I64] = []
    known: list[I64] = []
    for name, rows in zip(names, wanted.tolist(), strict=False):
        order = stream(seed, "rows", name).permutation(stock.tasks[name])
        known.append(order[: size.questions])
        different = order[size.questions :][: max(1, round(rows * (1 - kind.duplicates)))]
        pool.append(_repeated(different, rows, chance))
    unknown = [
        stream(seed, "rows", name).permutation(stock.tasks[name])[: size.questions] for name in names[size.tasks :]
    ]
    rows_ = np.concatenate(pool)
    empty = np.empty(0, dtype=np.int64)
    return MadePool(
        rows_, _swapped(rows_, kind.noise, chance), np.concatenate(known), np.concatenate([empty, *unknown])
    )


def _drawn(stock: Stock, wanted: Sequence[int], size: Size, seed: int) -> list[str]:
    """Return the names of the pool's tasks, by rank, then of the unseen ones: each the next that is large enough."""
    order = stream(seed, "tasks").permutation(sorted(stock.tasks)).tolist()
    found: list[str] = []
    for rows in [*wanted, *[0] * size.unseen]:
        name = next((one for one in order if len(stock.tasks[one]) >= rows + size.questions), None)
        if name is None:
            raise InputError(
                f"no task is left that has {rows + size.questions:,} rows",
                f"{len(stock.tasks)} tasks have short rows; lower --rows, --tasks or --unseen, or raise --longest",
            )
        order.remove(name)
        found.append(name)
    return found


def _repeated(different: I64, rows: int, chance: np.random.Generator) -> I64:
    """Return ``rows`` rows: every different one, and repeats of them, the first ones far more often (as 1 / rank)."""
    shares = 1 / np.arange(1, len(different) + 1)
    again = chance.choice(different, rows - len(different), p=shares / shares.sum())
    return np.concatenate([different, again]).astype(np.int64)


def _swapped(rows: I64, noise: float, chance: np.random.Generator) -> I64:
    """Return whose answer every row has: of a share of the different rows, that of the next such row in a random ring."""
    different = np.unique(rows)
    ring = chance.permutation(different)[: round(noise * len(different))]
    if len(ring) < 2:
        return rows
    other = dict(zip(ring.tolist(), np.roll(ring, 1).tolist(), strict=True))
    return np.array([other.get(row, row) for row in rows.tolist()], dtype=np.int64)


def _with(table: pa.Table, name: str, values: Sequence[object]) -> pa.Table:
    at = table.schema.get_field_index(name)
    return table.set_column(at, table.schema.field(at), pa.array(values, table.schema.field(at).type))
