"""Score health: what it counts, and when it warns."""

import numpy as np
import pytest
from scipy import stats

from cuvee.scorers import health

N = 200
draw = np.random.default_rng(0)
LENGTHS = draw.lognormal(4, 1, N)


def of(values: np.ndarray, **more: float) -> health.Health:
    return health.health("mine", values.astype(np.float32), LENGTHS, **more)


def test_spearman_is_that_of_scipy_with_ties() -> None:
    for _ in range(20):
        a, b = draw.integers(0, 6, 40).astype(float), draw.integers(0, 9, 40).astype(float)
        assert health.spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-12)
    a[3] = np.nan
    assert health.spearman(a, b) == pytest.approx(stats.spearmanr(np.delete(a, 3), np.delete(b, 3)).statistic)
    assert health.spearman(np.ones(9), np.arange(9)) is None and health.spearman([1, 2], [1, 2]) is None


def test_what_is_mostly_length_is_warned_of_and_what_is_half_so_is_not() -> None:
    chance = np.random.default_rng(1)
    ranks = LENGTHS.argsort().argsort() / N

    def warned(noise: float) -> tuple[float, bool]:
        found = of(ranks + noise * chance.random(N))
        assert found.length is not None
        return found.length, any("choosing by length" in line for line in found.warnings)

    assert [warned(0.7)[1], warned(3.0)[1]] == [True, False]
    for noise in np.linspace(0.2, 2, 10):
        rho, said = warned(float(noise))
        assert said == (rho >= 0.7)


def test_a_good_score_has_no_warning() -> None:
    told = of(draw.normal(size=N), cut=0.01)
    assert told.warnings == () and told.nulls == 0 and told.distinct == N and told.cut == 0.01
    assert told.tied == pytest.approx(1 / N) and told.length is not None and abs(told.length) < 0.3


@pytest.mark.parametrize(
    ("values", "warning"),
    [
        (np.full(N, np.nan), "null for all rows: it cannot rank"),
        (np.full(N, 3.0), "the same for all rows: it cannot rank"),
        (np.where(np.arange(N) < 190, 3.0, draw.normal(size=N)), "the same for 95% of the rows"),
        (draw.integers(1, 5, N).astype(float), "only 4 different values"),
        (np.where(np.arange(N) < 60, np.nan, draw.normal(size=N)), "null for 30% of the rows"),
        (np.log(LENGTHS), "mine follows length (rank correlation 1.00)"),
        (-LENGTHS, "mine follows minus length (rank correlation -1.00)"),
    ],
)
def test_a_score_that_cannot_rank_is_warned_of(values: np.ndarray, warning: str) -> None:
    assert [warning in line for line in of(values).warnings] == [True]


def test_cut_rows_are_warned_of_and_length_is_not_length() -> None:
    assert "saw only a part of 50% of the rows" in of(draw.normal(size=N), cut=0.5).warnings[0]
    told = health.table({"length": LENGTHS.astype(np.float32)}, LENGTHS)[0]
    assert told.length is None and told.warnings == ()


def test_small_and_empty_pools_are_told_without_a_warning() -> None:
    assert health.health("mine", np.empty(0, np.float32), []).warnings == ()
    assert health.health("mine", np.array([1, 2], np.float32), [1, 2]).warnings == ()
