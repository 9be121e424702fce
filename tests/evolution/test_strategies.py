import numpy as np
import pytest

from cuvee.evolution.strategies import STRATEGIES


def brute_force_kcenter(X: np.ndarray, chosen: list[int], k: int) -> list[int]:
    """Pick by the full distance matrix in float64."""
    D = np.linalg.norm(X[:, None].astype(np.float64) - X[None].astype(np.float64), axis=2)
    chosen = list(chosen)
    for _ in range(k):
        nearest = D[:, chosen].min(axis=1)
        nearest[chosen] = -1
        chosen.append(int(nearest.argmax()))
    return chosen[-k:]


@pytest.fixture
def values() -> np.ndarray:
    return np.array([3.0, 1.0, np.nan, 2.0, 0.5, 9.0], dtype=np.float32)


@pytest.mark.parametrize(
    ("name", "expected"), [("least-confidence", [4, 3, 0]), ("margin", [4, 3, 0]), ("entropy", [5, 0, 3])]
)
def test_the_uncertain_rows_come_first_and_an_unscored_one_never(
    name: str, expected: list[int], values: np.ndarray
) -> None:
    chosen = np.array([1])
    assert STRATEGIES[name].pick(values, chosen, 3, np.random.default_rng(0)).tolist() == expected
    assert 2 not in STRATEGIES[name].pick(values, chosen, 99, np.random.default_rng(0))


def test_k_center_is_the_brute_force_one() -> None:
    X = np.random.default_rng(1).normal(size=(300, 8)).astype(np.float32)
    chosen = [7, 100, 3]
    picked = STRATEGIES["k-center"].pick(X, np.array(chosen), 40, np.random.default_rng(0))
    assert picked.tolist() == brute_force_kcenter(X, chosen, 40)


@pytest.mark.parametrize("name", STRATEGIES)
def test_never_a_chosen_row_never_twice_and_all_when_asked_for_more(name: str) -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=(50, 4)).astype(np.float32)
    if STRATEGIES[name].reads not in ("hidden", "hidden+loss", "nothing"):
        values = values[:, 0]
    chosen = np.array([0, 5, 49])
    picked = STRATEGIES[name].pick(values, chosen, 1_000, rng)
    assert sorted([*picked.tolist(), *chosen.tolist()]) == list(range(50))


def test_cluster_draw_takes_more_of_what_the_model_finds_likely_and_that_changes() -> None:
    draw = np.random.default_rng(3)
    made = np.repeat(np.arange(4), 60)
    X = (np.eye(4, 9)[made] + 0.03 * draw.normal(size=(240, 9))).astype(np.float32)
    for easy in (0, 3):
        losses = np.where(made == easy, 0.5, 4.0)
        values = np.column_stack([X, losses]).astype(np.float32)
        picked = STRATEGIES["cluster-draw"].pick(values, np.array([0, 70]), 40, np.random.default_rng(1))
        counts = np.bincount(made[picked], minlength=4)
        assert counts.argmax() == easy and counts[easy] > 25


def test_herding_takes_a_row_of_every_place_first() -> None:
    draw = np.random.default_rng(4)
    X = (np.eye(5, 9)[np.repeat(np.arange(5), 20)] + 0.03 * draw.normal(size=(100, 9))).astype(np.float32)
    picked = STRATEGIES["herding"].pick(X, np.array([3]), 4, np.random.default_rng(0))
    assert sorted((picked // 20).tolist()) == [1, 2, 3, 4]
