"""Auto: the map's method for the pool at hand, and the reason with every row."""

import numpy as np
import pyarrow as pa
import xxhash

from cuvee.samples.pool import BarePool
from cuvee.samples.schema import TURN
from cuvee.selectors.auto import auto


def pool_of(asked: list[str], tasks: list[str]) -> BarePool:
    turns = [[{"role": "user", "content": said}, {"role": "assistant", "content": f"It is {said}"}] for said in asked]
    prints = [xxhash.xxh3_128_digest(said.encode()) for said in asked]
    columns = {
        "id": pa.array([f"r{at}" for at in range(len(asked))]),
        "messages": pa.array(turns, pa.list_(TURN)),
        "task": pa.array(tasks, pa.string()),
        "fingerprint": pa.array(prints, pa.binary(16)),
    }
    return BarePool(pa.table(columns), None)


def test_unequal_tasks_share_the_rows_equally() -> None:
    tasks = ["large"] * 40 + ["middle"] * 15 + ["small"] * 5
    pool = pool_of([f"{task} {at}?" for at, task in enumerate(tasks)], tasks)
    found = auto(pool, 12, rng=np.random.default_rng(0))
    assert [sum(tasks[row] == task for row in found.rows.tolist()) for task in ("large", "middle", "small")] == [
        4,
        4,
        4,
    ]
    assert "3 tasks are known" in found.reason(0) and "an equal share of each" in found.reason(0)


def test_rows_that_repeat_another_come_last() -> None:
    pool = pool_of(
        ["the same?"] * 30 + [f"{task} {at}?" for at, task in enumerate("ababab")], ["a"] * 31 + ["b", *"abab"]
    )
    rows = auto(pool, 7, rng=np.random.default_rng(0)).rows.tolist()
    assert len(set(rows)) == 7 and sum(row < 30 for row in rows) == 1
    more = auto(pool, 9, rng=np.random.default_rng(0))
    assert "repeats another" in more.reason(8) and len(set(more.rows.tolist())) == 9
