"""Rarity by plain loops."""

import numpy as np
import pyarrow as pa
import pytest

from cuvee.samples.pool import Pool
from cuvee.scorers.rarity import rarity


def test_against_plain_loops() -> None:
    X = np.random.default_rng(0).normal(size=(50, 5)).astype(np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    pool = Pool(pa.table({"id": [str(i) for i in range(50)]}), X)
    for degree in (1, 3, 15):
        want = [np.mean(sorted(1 - float(X[i] @ X[j]) for j in range(50) if j != i)[:degree]) for i in range(50)]
        np.testing.assert_allclose(rarity(pool, neighbours=degree), want, atol=1e-5)


def test_worked_by_hand() -> None:
    X = np.array([[1, 0], [1, 0], [0, 1], [-1, 0]], dtype=np.float32)
    pool = Pool(pa.table({"id": list("abcd")}), X)
    assert rarity(pool).tolist() == pytest.approx([1.0, 1.0, 4 / 3 - 1 / 3, 5 / 3], abs=1e-6)
    assert rarity(pool, neighbours=1).tolist() == pytest.approx([0.0, 0.0, 1.0, 1.0], abs=1e-6)


def test_a_row_alone_is_null() -> None:
    alone = Pool(pa.table({"id": ["a"]}), np.ones((1, 1), dtype=np.float32))
    assert np.isnan(rarity(alone)).all()
