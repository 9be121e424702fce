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
    if STRATEGIES[name].reads not in ("hidden", "nothing"):
        values = values[:, 0]
    chosen = np.array([0, 5, 49])
    picked = STRATEGIES[name].pick(values, chosen, 1_000, rng)
    assert sorted([*picked.tolist(), *chosen.tolist()]) == list(range(50))
