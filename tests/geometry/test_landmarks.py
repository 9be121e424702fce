"""Values carried over from landmarks, and the round robin of a goal's rows."""

import numpy as np

from cuvee.geometry import landmarks as module
from cuvee.geometry.landmarks import carried_over
from cuvee.geometry.roundrobin import round_robin


def test_a_smooth_value_is_carried_over_from_a_fifth_of_the_rows() -> None:
    draw = np.random.default_rng(0)
    X = draw.normal(size=(1_000, 6)).astype(np.float32)
    values = np.sin(X[:, 0]) + X[:, 1].astype(np.float64)
    known = draw.permutation(1_000)[:200]
    found = carried_over(X, known, values[known])
    np.testing.assert_array_equal(found[known], values[known])
    others = np.setdiff1d(np.arange(1_000), known)
    assert np.corrcoef(found[others], values[others])[0, 1] > 0.9
    noise = carried_over(X, known, draw.normal(size=200))
    assert noise[others].std() < 0.5  # of what nothing foretells, the mean


def test_left_out_errors_are_those_of_leaving_out() -> None:
    draw = np.random.default_rng(1)
    X, y = draw.normal(size=(30, 3)), draw.normal(size=30)
    K = np.exp(-((X[:, None] - X[None]) ** 2).sum(axis=2))
    spectrum, axes = np.linalg.eigh(K)
    for ridge in (0.01, 1.0):
        errors = []
        for row in range(30):
            rest = np.delete(np.arange(30), row)
            slopes = np.linalg.solve(K[np.ix_(rest, rest)] + ridge * np.eye(29), y[rest])
            errors.append(y[row] - K[row, rest] @ slopes)
        assert np.isclose(module._left_out(spectrum, axes, axes.T @ y, ridge), np.mean(np.square(errors)))


def test_all_rows_known_nothing_is_foretold_and_one_landmark_is_enough() -> None:
    X = np.random.default_rng(2).normal(size=(20, 3)).astype(np.float32)
    values = np.arange(20.0)
    assert carried_over(X, np.arange(20), values).tolist() == values.tolist()
    assert np.allclose(carried_over(X, np.array([4]), np.array([2.5])), 2.5)


def test_every_query_takes_its_nearest_in_turn() -> None:
    draw = np.random.default_rng(3)
    Q, X = draw.normal(size=(3, 4)).astype(np.float32), draw.normal(size=(50, 4)).astype(np.float32)
    chosen: list[int] = []
    for pick in range(50):
        wishes = np.argsort(-(Q[pick % 3] @ X.T), kind="stable")
        chosen.append(int(next(row for row in wishes if row not in chosen)))
    assert round_robin(Q, X, 50).tolist() == chosen
    assert round_robin(Q, X, 7).tolist() == chosen[:7] and len(round_robin(Q, X, 99)) == 50
