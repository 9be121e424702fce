"""MaxHerding against the full kernel matrix."""

import numpy as np
import pytest

from cuvee.errors import SelectionError
from cuvee.geometry import herding as module
from cuvee.geometry.herding import herding, kernel_width


def brute(X: np.ndarray, k: int, width: float, taken: list[int]) -> tuple[list[int], list[float]]:
    """Greedy over the n x n kernel, in float64: ties to the lowest row."""
    here = X.astype(np.float64)
    K = np.exp(-((here[:, None] - here[None]) ** 2).sum(axis=2) / width**2)
    covered = K[taken].max(axis=0) if taken else np.zeros(len(X))
    picks: list[int] = []
    gains: list[float] = []
    for _ in range(k):
        gain = np.maximum(K - covered, 0).sum(axis=1)
        gain[[*taken, *picks]] = -1
        row = int(np.flatnonzero(gain >= gain.max() - 1e-9)[0])
        picks.append(row)
        gains.append(gain[row] / len(X))
        covered = np.maximum(covered, K[row])
    return picks, gains


@pytest.mark.parametrize("taken", [[], [3, 70, 11]])
@pytest.mark.parametrize("width", [0.4, 1.0, 3.0])
def test_the_picks_are_those_of_the_full_matrix(taken: list[int], width: float) -> None:
    X = np.random.default_rng(int(10 * width)).normal(size=(400, 5)).astype(np.float32)
    rows, gains = herding(X, 60, width=width, taken=taken)
    expected, worth = brute(X, 60, width, taken)
    assert rows.tolist() == expected
    np.testing.assert_allclose(gains, worth, atol=1e-5)
    assert (np.diff(gains) <= 0).all()


def test_dense_places_first_outliers_last_and_nested() -> None:
    draw = np.random.default_rng(0)
    X = np.concatenate([draw.normal(0, 0.1, (50, 3)), draw.normal(5, 0.1, (30, 3)), [[20.0, 20, 20]]]).astype(
        np.float32
    )
    rows, _ = herding(X, 81)
    assert rows[0] < 50 <= rows[1] < 80  # one row of each place, the larger first
    assert rows.tolist().index(80) > 1
    assert herding(X, 40)[0].tolist() == rows[:40].tolist() and sorted(rows.tolist()) == list(range(81))


def test_twins_come_last_in_order_and_change_no_width() -> None:
    X = np.random.default_rng(1).normal(size=(30, 4)).astype(np.float32)
    twins = np.concatenate([X, X, X])
    rows, gains = herding(twins, 90, width=0.5)
    assert sorted(rows[:30].tolist()) == list(range(30)) and (gains[30:] == 0).all()
    assert rows[30:].tolist() == list(range(30, 90))
    assert kernel_width(twins, 3) <= kernel_width(X, 3)
    assert kernel_width(np.ones((5, 2), dtype=np.float32), 3) == 1.0


def test_width_is_the_median_distance_to_that_neighbour() -> None:
    X = np.random.default_rng(2).normal(size=(200, 6)).astype(np.float32)
    D = np.sort(np.linalg.norm(X[:, None] - X[None], axis=2), axis=1)
    assert kernel_width(X, 10) == pytest.approx(float(np.median(D[:, 10])), rel=1e-4)


def test_a_mean_over_some_rows_gives_nearly_the_same_coverage(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(3).normal(size=(3_000, 6)).astype(np.float32)
    whole = herding(X, 50)[1].sum()
    monkeypatch.setattr(module, "REFERENCES", 500)
    rows = herding(X, 50)[0]
    width = kernel_width(X, 10)
    reached = np.exp(-(((X[:, None] - X[rows][None]) ** 2).sum(axis=2)) / width**2).max(axis=1).mean()
    assert reached > 0.9 * whole


def test_few_candidates_first_then_all_and_still_nested(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(5).normal(size=(2_000, 6)).astype(np.float32)
    whole, width = herding(X, 100)[1].sum(), kernel_width(X, 10)
    monkeypatch.setattr(module, "CANDIDATES", 400)
    rows, gains = herding(X, 2_000)
    spaced = set(np.linspace(0, 1_999, 400).astype(int).tolist())
    assert set(rows[:100].tolist()) <= spaced and not set(rows[100:200].tolist()) <= spaced
    assert sorted(rows.tolist()) == list(range(2_000)) and gains[:100].sum() > 0.9 * whole
    for k in (50, 100, 101, 300):
        assert herding(X, k)[0].tolist() == rows[:k].tolist()
    assert herding(X, 150, width=width, taken=rows[:60])[0].tolist() == rows[60:210].tolist()


def test_not_finite_is_refused_and_nothing_of_nothing() -> None:
    with pytest.raises(SelectionError, match="finite"):
        herding(np.full((3, 2), np.nan, dtype=np.float32), 2)
    assert len(herding(np.empty((0, 3), dtype=np.float32), 5)[0]) == 0
