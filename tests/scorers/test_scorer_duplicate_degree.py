"""Duplicate degree by plain loops, and the threshold it shares with deita."""

import numpy as np
import pyarrow as pa
import pytest

from cuvee.samples.pool import Pool
from cuvee.scorers.duplicates import TWIN, duplicate_degree, near


def pool_of(X: np.ndarray) -> Pool:
    X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
    return Pool(pa.table({"fingerprint": [i.to_bytes(16, "little") for i in range(len(X))]}), X)


def test_against_plain_loops() -> None:
    base = np.random.default_rng(0).normal(size=(40, 4))
    pool = pool_of(np.concatenate([base, base[:3], base[:2]]))
    X = pool.vectors
    assert X is not None
    n = len(X)
    cosines = [[float(X[i] @ X[j]) for j in range(n) if j != i] for i in range(n)]
    nearest = [max(row) for row in cosines]
    limit = np.quantile([c for c in nearest if c < 0.99999], 0.95) + 1e-6
    want = [min(sum(c > limit for c in row), 15) for row in cosines]
    assert duplicate_degree(pool).tolist() == want
    assert want[:2] != [0, 0]


def test_copies_are_counted() -> None:
    eye = np.eye(6)
    pool = pool_of(np.concatenate([eye, eye[:1], eye[:1]]))
    assert duplicate_degree(pool).tolist() == [2, 0, 0, 0, 0, 0, 2, 2]


def test_the_threshold_leaves_twins_out() -> None:
    nearest = np.array([0.1, 0.2, 0.3, 1.0, 1.0, 1.0, -np.inf], dtype=np.float32)
    assert near(nearest, 0.5) == pytest.approx(0.2, abs=1e-5)
    assert near(nearest, 1.0) == pytest.approx(0.3, abs=1e-5)
    assert near(np.ones(4, dtype=np.float32), 0.5) == TWIN


def test_a_row_alone_is_null() -> None:
    assert np.isnan(duplicate_degree(pool_of(np.ones((1, 2))))).all()
