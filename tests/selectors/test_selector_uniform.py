"""Uniform: is every row drawn as often as another, also where rows are copies?"""

from collections.abc import Callable

import numpy as np

from cuvee.samples.pool import BarePool
from cuvee.selectors.uniform import uniform


def test_every_row_and_pair_is_equally_likely(make_pool: Callable[..., BarePool], rng: np.random.Generator) -> None:
    pool, draws = make_pool(8), 4000
    pairs = np.zeros((8, 8))
    for _ in range(draws):
        a, b = uniform(pool, 2, rng=rng).rows
        pairs[a, b] += 1
    expected = draws / 56
    statistic = ((pairs[~np.eye(8, dtype=bool)] - expected) ** 2 / expected).sum()
    assert statistic < 110  # chi-square with 55 degrees of freedom: 1 in 100,000


def test_copies_are_drawn_independently(make_pool: Callable[..., BarePool], rng: np.random.Generator) -> None:
    base = make_pool(4)
    pool = BarePool(base.table.take([0] * 10 + [1, 2]))
    shares = [np.mean(uniform(pool, 6, rng=rng).rows < 10) for _ in range(2000)]
    assert abs(np.mean(shares) - 10 / 12) < 0.01
    assert min(shares) < 1  # were the ten copies one lot, they would come together or not at all


def test_copies_are_told_apart_by_id_not_by_place(make_pool: Callable[..., BarePool]) -> None:
    base = make_pool(12)
    table = base.table.take([0] * 6 + [1] * 6).set_column(0, "id", [[f"id{i}" for i in range(12)]])
    shuffle = np.random.default_rng(0).permutation(12)
    first = uniform(BarePool(table), 7, rng=np.random.default_rng(1)).rows
    second = uniform(BarePool(table.take(shuffle)), 7, rng=np.random.default_rng(1)).rows
    assert first.tolist() == shuffle[second].tolist()


def test_gains_are_null(make_pool: Callable[..., BarePool], rng: np.random.Generator) -> None:
    assert np.isnan(uniform(make_pool(5), 3, rng=rng).gains).all()
