"""Rarity by plain loops."""

import numpy as np
import pyarrow as pa
import pytest

from cuvee.samples.pool import Pool
from cuvee.scorers.rarity import rarity


def table(n: int) -> pa.Table:
    return pa.table({"fingerprint": [(i * 0x9E3779B97F4A7C15).to_bytes(16, "little") for i in range(n)]})


def test_against_plain_loops() -> None:
    X = np.random.default_rng(0).normal(size=(50, 5)).astype(np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    pool = Pool(table(50), X)
    for degree in (1, 3, 15):
        want = [np.mean(sorted(1 - float(X[i] @ X[j]) for j in range(50) if j != i)[:degree]) for i in range(50)]
        np.testing.assert_allclose(rarity(pool, neighbours=degree), want, atol=1e-5)


def test_worked_by_hand() -> None:
    X = np.array([[1, 0], [1, 0], [0, 1], [-1, 0]], dtype=np.float32)
    pool = Pool(table(4), X)
    assert rarity(pool).tolist() == pytest.approx([1.0, 1.0, 4 / 3 - 1 / 3, 5 / 3], abs=1e-6)
    assert rarity(pool, neighbours=1).tolist() == pytest.approx([0.0, 0.0, 1.0, 1.0], abs=1e-6)


def test_a_row_alone_is_null() -> None:
    alone = Pool(table(1), np.ones((1, 1), dtype=np.float32))
    assert np.isnan(rarity(alone)).all()


def test_row_order_does_not_matter_where_the_search_is_approximate() -> None:
    n = 31_000  # the neighbours are found by a trained index above 30,000 rows
    draw = np.random.default_rng(1)
    X = draw.normal(size=(n, 8)).astype(np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    shuffle = draw.permutation(n)
    whole, moved = rarity(Pool(table(n), X)), rarity(Pool(table(n).take(shuffle), X[shuffle]))
    np.testing.assert_array_equal(moved, whole[shuffle])
    assert whole.min() >= 0
