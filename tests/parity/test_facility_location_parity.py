"""Facility location picks the rows that submodlib picks on the same similarities."""

from typing import Any

import numpy as np
import pytest

from cuvee.geometry.facility import facility_location
from cuvee.geometry.neighbours import neighbours

# The compiled part alone: the Python wrapper wants numba.
submodlib: Any = pytest.importorskip("submodlib_cpp", reason="submodlib is not installed")


@pytest.mark.parametrize("m", [4, 149])  # a sparse graph, and every pair
def test_equals_submodlib(m: int) -> None:
    X = np.random.default_rng(m).random(size=(150, 5))
    X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
    idx, similarity = neighbours(X, m)
    S = np.zeros((150, 150))
    for row, others in enumerate(idx):
        there = others >= 0
        S[row, others[there]] = similarity[row][there]
    S = np.maximum(S, S.T)
    np.fill_diagonal(S, 1)
    peer = submodlib.FacilityLocation(150, S.tolist(), False, {-1}, False)
    expected = peer.maximize("NaiveGreedy", 30.0, False, False, 0.1, False, False, [1.0] * 150, False)
    rows, gains = facility_location(idx, similarity, 150, 30)
    assert rows.tolist() == [row for row, _ in expected]
    np.testing.assert_allclose(gains, [gain for _, gain in expected], rtol=1e-4, atol=1e-5)
