"""Near neighbours by groups: the true ones up to 30,000 rows, nearly all of them above."""

import numpy as np
import pytest

from cuvee.arrays import F32
from cuvee.geometry import groups
from cuvee.geometry.facility import facility_location
from cuvee.geometry.neighbours import neighbours


@pytest.fixture(scope="module")
def X() -> F32:  # noqa: N802 (as in the mathematics)
    draw = np.random.default_rng(0)
    centres = draw.normal(size=(40, 16))
    rows = centres[draw.integers(40, size=3_000)] + 0.6 * draw.normal(size=(3_000, 16))
    found: F32 = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return found


def test_a_small_pool_has_its_true_neighbours(X: F32) -> None:
    for found, true in zip(groups.near_graph(X, 5), neighbours(X, 5), strict=True):
        np.testing.assert_array_equal(found, true)


def test_a_large_pool_has_most_of_them_in_order_and_never_the_row_itself(
    X: F32, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "EXACT", 100)
    monkeypatch.setattr(groups, "ROWS", 100)
    index, similarity = groups.near_graph(X, 10)
    true, _ = neighbours(X, 10)
    assert np.mean([len(set(a) & set(b)) / 10 for a, b in zip(index.tolist(), true.tolist(), strict=True)]) > 0.75
    assert (index != np.arange(len(X))[:, None]).all() and (np.diff(similarity, axis=1) <= 1e-6).all()
    np.testing.assert_allclose(similarity, np.einsum("id,ijd->ij", X, X[index]), atol=1e-5)
    again, _ = groups.near_graph(X, 10)
    np.testing.assert_array_equal(index, again)
    assert not np.array_equal(index, true)  # else nothing was tested


def test_what_it_leaves_out_costs_a_selection_little(X: F32, monkeypatch: pytest.MonkeyPatch) -> None:
    best = facility_location(*neighbours(X, 20), len(X), 60)[0]
    monkeypatch.setattr(groups, "EXACT", 100)
    monkeypatch.setattr(groups, "ROWS", 100)
    found = facility_location(*groups.near_graph(X, 20), len(X), 60)[0]
    value = [float((X @ X[rows].T).max(axis=1).mean()) for rows in (found, best)]
    assert value[0] > 0.98 * value[1]


def test_twins_that_fill_a_group_leave_no_holes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "EXACT", 4)
    monkeypatch.setattr(groups, "ROWS", 2)
    rows = np.repeat(np.eye(3, dtype=np.float32), 4, axis=0)
    index, similarity = groups.near_graph(rows, 2)
    assert (index != np.arange(12)[:, None]).all() and (similarity[:, 0] > 0.99).all()
