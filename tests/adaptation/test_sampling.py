"""Picks without replacement: log-probabilities against brute force over all orders, and draws against them."""

from collections import Counter
from itertools import combinations, permutations

import numpy as np
import pytest

from cuvee import rng
from cuvee.adaptation.sampling import best, entropy, log_probability, open_rows, picks

torch = pytest.importorskip("torch")
SCORES = np.array([0.3, -1.2, 2.0, 0.0, 0.7], dtype=np.float32)


def by_hand(scores: np.ndarray, order: tuple[int, ...]) -> float:
    """Return the probability of an ordered pick: each pick in proportion to exp(score) among what is left."""
    weights, left, total = np.exp(scores.astype(np.float64)), list(range(len(scores))), 1.0
    for row in order:
        total *= weights[row] / weights[left].sum()
        left.remove(row)
    return total


def ours(scores: np.ndarray, order: tuple[int, ...]) -> float:
    return float(log_probability(torch.from_numpy(scores).double(), torch.tensor(order)).exp())


@pytest.mark.parametrize("b", [1, 2, 3, 4, 5])
def test_every_order_has_its_probability_and_they_sum_to_one(b: int) -> None:
    orders = list(permutations(range(len(SCORES)), b))
    mine = [ours(SCORES, order) for order in orders]
    assert mine == pytest.approx([by_hand(SCORES, order) for order in orders], rel=1e-12)
    assert sum(mine) == pytest.approx(1.0, rel=1e-12)


def test_a_set_has_the_sum_of_its_orders() -> None:
    """A set of two, worked otherwise: p(a) p(b) (1 / (1 - p(a)) + 1 / (1 - p(b)))."""
    p = np.exp(SCORES.astype(np.float64)) / np.exp(SCORES.astype(np.float64)).sum()
    sets = {pair: sum(ours(SCORES, order) for order in permutations(pair)) for pair in combinations(range(5), 2)}
    for (a, b), probability in sets.items():
        assert probability == pytest.approx(p[a] * p[b] * (1 / (1 - p[a]) + 1 / (1 - p[b])), rel=1e-12)
    assert sum(sets.values()) == pytest.approx(1.0)


def test_large_scores_lose_no_digits() -> None:
    scores = np.array([800.0, 0.0, -1.0], dtype=np.float64)
    found = float(log_probability(torch.from_numpy(scores), torch.tensor([0, 2])))
    assert found == pytest.approx(-np.log1p(np.exp(1.0)))  # the first pick is certain; then -1 against 0


def test_the_gradient_of_a_certain_pick_is_zero_and_finite() -> None:
    scores = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    log_probability(scores, torch.tensor([2, 0, 1])).backward()
    # all rows are picked: d/ds of the sum over picks of s - logsumexp(left)
    assert torch.isfinite(scores.grad).all() and float(scores.grad.sum()) == pytest.approx(0.0)


def test_gumbel_draws_have_these_probabilities() -> None:
    chance, many = rng.stream(1, "draws"), 20_000
    members = [np.arange(5)]
    counts = Counter(tuple(picks(SCORES, members, 2, chance)[0].tolist()) for _ in range(many))
    chi = sum(
        (counts[order] - many * by_hand(SCORES, order)) ** 2 / (many * by_hand(SCORES, order))
        for order in permutations(range(5), 2)
    )
    assert chi < 45  # chi-squared, 19 degrees of freedom: p < 1e-3


def test_the_best_come_first_and_ties_go_to_the_lower_row() -> None:
    assert best(np.array([1.0, 3.0, 3.0, 2.0]), 3).tolist() == [1, 2, 3]
    assert best(np.zeros(100, dtype=np.float32), 3).tolist() == [0, 1, 2]
    assert best(np.array([1.0]), 3).tolist() == [0]
    values = rng.stream(2, "values").normal(size=1_000).astype(np.float32)
    assert best(values, 7).tolist() == np.argsort(-values, kind="stable")[:7].tolist()


def test_each_cluster_gives_its_best() -> None:
    found = picks(SCORES, [np.array([0, 1, 3]), np.array([2, 4])], 2, None)
    assert [part.tolist() for part in found] == [[0, 3], [2, 4]]


def test_the_limit_closes_rows_until_too_few_are_left() -> None:
    members, counts = np.array([0, 1, 2, 4]), np.array([1, 0, 2, 0, 0])
    assert open_rows(members, counts, 2, 0).tolist() == [0, 1, 2, 4]
    assert open_rows(members, counts, 2, 1).tolist() == [1, 4]
    assert open_rows(members, counts, 3, 1).tolist() == [0, 1, 4]
    assert open_rows(members, counts, 9, 1).tolist() == [0, 1, 2, 4]


def test_entropy_is_one_for_equal_scores() -> None:
    assert float(entropy(torch.zeros(6))) == pytest.approx(1.0)
    assert float(entropy(torch.tensor([50.0, 0.0]))) == pytest.approx(0.0, abs=1e-6)
    assert float(entropy(torch.tensor([3.0]))) == 1.0
