"""Pools are what they are said to be."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
import xxhash

from cuvee.atlas.making import Size, made
from cuvee.atlas.regime import Kind, Regime, kinds, sizes
from cuvee.atlas.stock import Stock, stock_of
from cuvee.errors import ConfigError, InputError
from cuvee.samples.schema import TURN

SIZE = Size(tasks=4, rows=40, questions=3, unseen=2)


def table(tasks: int = 9, rows: int = 40) -> pa.Table:
    names = [f"t{task}" for task in range(tasks) for _ in range(rows)]
    talks = [
        [{"role": "user", "content": f"{name} asks {at}"}, {"role": "assistant", "content": f"{name} says {at}"}]
        for at, name in enumerate(names)
    ]
    prints = [xxhash.xxh3_128_digest(str(talk).encode()) for talk in talks]
    return pa.table(
        {
            "task": names,
            "messages": pa.array(talks, pa.list_(TURN)),
            "fingerprint": pa.array(prints, pa.binary(16)),
        }
    )


@pytest.fixture(scope="module")
def stock() -> Stock:
    return stock_of(table(), 200, "all")


@pytest.mark.parametrize(
    ("tasks", "rows", "power"), [(5, 5, 2.0), (5, 23, 0.0), (32, 640, 1.0), (40, 60, 1.5), (3, 9, 4.0)]
)
def test_sizes_add_up_fall_and_leave_no_task_out(tasks: int, rows: int, power: float) -> None:
    found = sizes(tasks, rows, power)
    assert found.sum() == rows and found.min() >= 1 and (np.diff(found) <= 0).all() and len(found) == tasks


def test_zipf_is_one_over_rank() -> None:
    assert sizes(4, 100, 1.0).tolist() == [48, 24, 16, 12]


def test_questions_are_equal_over_tasks_and_in_no_pool(stock: Stock) -> None:
    found = made(stock, Kind(1, 0, 0), SIZE, seed=5)
    names = stock.table["task"].to_pylist()
    known, unknown = Counter(names[row] for row in found.known), Counter(names[row] for row in found.unknown)
    pool = Counter(names[row] for row in found.rows)
    assert sorted(pool.values(), reverse=True) == sizes(4, 40, 1).tolist()
    assert known.keys() == pool.keys() and set(known.values()) == {3}
    assert len(unknown) == 2 and set(unknown.values()) == {3} and not unknown.keys() & pool.keys()
    assert not set(found.rows) & {*found.known, *found.unknown}
    assert (found.rows == found.answers).all() and len(set(found.rows)) == 40


def test_copies_leave_the_sizes_of_tasks_alone(stock: Stock) -> None:
    found = made(stock, Kind(0, 0.5, 0), SIZE, seed=1)
    names = stock.table["task"].to_pylist()
    assert set(Counter(names[row] for row in found.rows).values()) == {10}
    assert len(set(found.rows)) == 20


def test_noise_swaps_the_answers_of_that_share(stock: Stock) -> None:
    found = made(stock, Kind(0, 0, 0.3), SIZE, seed=1)
    swapped = found.rows != found.answers
    assert swapped.sum() == 12 and sorted(found.answers) == sorted(found.rows)
    pool = found.table(stock)
    plain = stock.table["messages"].take(pa.array(found.rows)).to_pylist()
    for row, (talk, before) in enumerate(zip(pool["messages"].to_pylist(), plain, strict=True)):
        assert talk[0] == before[0] and (talk[-1] != before[-1]) == swapped[row]
    assert len(set(pool["fingerprint"].to_pylist())) == 40


def test_a_seed_makes_one_pool_and_another_seed_another(stock: Stock) -> None:
    one, same, other = (made(stock, Kind(1, 0.5, 0.2), SIZE, seed=seed) for seed in (1, 1, 2))
    assert (one.rows == same.rows).all() and (one.answers == same.answers).all() and (one.known == same.known).all()
    assert set(one.rows) != set(other.rows)


def test_halves_share_no_task() -> None:
    first, second, both = (stock_of(table(), 200, half).tasks for half in ("first", "second", "all"))
    assert not first.keys() & second.keys() and {**first, **second}.keys() == both.keys()


def test_long_rows_and_repeats_are_left_out() -> None:
    twice = pa.concat_tables([table(2, 5), table(2, 5)])
    assert stock_of(twice, 200, "all").table.num_rows == 10
    assert stock_of(twice, 5, "all").table.num_rows == 0


def test_too_small_a_stock_says_so(stock: Stock) -> None:
    with pytest.raises(InputError, match="no task is left that has 403 rows"):
        made(stock, Kind(0, 0, 0), Size(2, 800, 3, 0), seed=0)
    with pytest.raises(InputError, match="no row has a task"):
        stock_of(table().set_column(0, "task", pa.nulls(360, pa.string())), 200, "all")


def test_kinds_are_all_combinations_and_budgets_follow_tasks() -> None:
    assert len(kinds([0, 1, 1], [0, 0.5], [0])) == 4
    assert Regime(Kind(0, 0, 0), 0.25).budget(32) == 8 and Regime(Kind(0, 0, 0), 0.25).budget(4) == 2
    with pytest.raises(ConfigError, match="no pool is like"):
        kinds([0], [1.0], [0])
