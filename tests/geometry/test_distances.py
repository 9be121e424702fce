"""Nearest chosen rows against a naive computation."""

import numpy as np
import pytest

from cuvee.errors import SelectionError
from cuvee.geometry import distances
from cuvee.geometry.distances import nearest_chosen, squared_norms


@pytest.mark.parametrize("small", [False, True])
def test_equals_the_naive_way(small: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if small:
        monkeypatch.setattr(distances, "ROWS", 7)
        monkeypatch.setattr(distances, "COLUMNS", 3)
    chance = np.random.default_rng(0)
    X, chosen = (chance.normal(size=(n, 9)).astype(np.float32) for n in (200, 41))
    apart = np.linalg.norm(X.astype(np.float64)[:, None] - chosen.astype(np.float64), axis=2)
    distance, which = nearest_chosen(X, chosen)
    assert distance.dtype == np.float32
    assert which.dtype == np.int64
    assert which.tolist() == apart.argmin(axis=1).tolist()
    np.testing.assert_allclose(distance, apart.min(axis=1), rtol=1e-6)


def test_an_equal_row_is_exactly_zero_away() -> None:
    X = np.random.default_rng(0).normal(size=(300, 64)).astype(np.float32)
    distance, which = nearest_chosen(X, X[::3])
    assert (distance[::3] == 0).all()
    assert which[::3].tolist() == list(range(100))


def test_by_hand_and_nothing_chosen() -> None:
    X = np.array([[0, 0], [3, 4]], dtype=np.float32)
    distance, which = nearest_chosen(X, np.array([[0, 1], [3, 0]], dtype=np.float32))
    assert distance.tolist() == [1, 4]
    assert which.tolist() == [0, 1]
    distance, which = nearest_chosen(X, X[:0])
    assert distance.tolist() == [np.inf, np.inf]
    assert which.tolist() == [-1, -1]


def test_squared_norms_are_float64_sums_and_refuse_what_is_not_finite() -> None:
    assert squared_norms(np.array([[3, 4], [0, 0]], dtype=np.float32)).tolist() == [25, 0]
    with pytest.raises(SelectionError, match="row 1"):
        squared_norms(np.array([[0], [np.inf]], dtype=np.float32))
