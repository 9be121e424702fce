"""Diversity measures against hand-worked numbers and their definitions, written out."""

import math

import numpy as np
import pytest

from cuvee.arrays import F32
from cuvee.geometry import diversity
from cuvee.geometry.diversity import clusters_covered, coverage, entropy, novelsum, vendi_score


def unit(n: int, d: int, seed: int = 0) -> F32:
    X = np.random.default_rng(seed).normal(size=(n, d))
    rows: F32 = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
    return rows


@pytest.mark.parametrize(("n", "d"), [(1, 5), (6, 40), (40, 40), (300, 8)])
def test_vendi_score_is_the_n_by_n_definition(n: int, d: int) -> None:
    X = unit(n, d)
    values = np.linalg.eigvalsh(X.astype(np.float64) @ X.T.astype(np.float64) / n)
    values = values[values > 1e-12]
    assert vendi_score(X) == pytest.approx(math.exp(-(values * np.log(values)).sum()), rel=1e-5)


def test_vendi_score_counts_different_rows() -> None:
    corners = np.eye(6, dtype=np.float32)
    assert vendi_score(corners) == pytest.approx(6)
    assert vendi_score(np.repeat(corners[:3], 4, axis=0)) == pytest.approx(3)
    assert vendi_score(np.repeat(corners[:1], 9, axis=0)) == pytest.approx(1)
    assert vendi_score(corners[:0]) == 0


def naive_novelsum(X: F32, reference: F32, alpha: float, beta: float, count: int) -> float:
    """The definition with loops."""

    def d(a: F32, b: F32) -> float:
        return max(0.0, 1 - float(a.astype(np.float64) @ b.astype(np.float64)))

    sigma: list[float] = []
    for x in X:
        near = sorted(d(x, r) for r in reference)[: count + 1]
        near = near[1:] if near[0] <= 1e-6 else near[:count]
        sigma.append(1 / max(sum(near) / len(near), 0.01))
    each: list[float] = []
    for i in range(len(X)):
        others = sorted((d(X[i], X[j]), j) for j in range(len(X)) if j != i)
        weights = [(1 / rank) ** alpha for rank in range(1, len(others) + 1)]
        values = [sigma[j] ** beta * apart for apart, j in others]
        each.append(sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights))
    return sum(each) / len(each)


@pytest.mark.parametrize(("alpha", "beta", "count"), [(1.0, 0.5, 10), (0.0, 0.0, 3), (2.0, 1.0, 5)])
def test_novelsum_is_its_definition(alpha: float, beta: float, count: int) -> None:
    pool = unit(120, 6)
    chosen = np.concatenate([pool[:40], unit(5, 6, seed=9)])
    expected = naive_novelsum(chosen, pool, alpha, beta, count)
    assert novelsum(chosen, pool, alpha=alpha, beta=beta, neighbours=count) == pytest.approx(expected, rel=1e-4)


def test_novelsum_by_hand() -> None:
    X = np.eye(3, dtype=np.float32)  # every pair is 1 apart, and 1 from its nearest reference rows: density 1
    assert novelsum(X, X, neighbours=2) == pytest.approx(1.0)
    assert novelsum(X[[0, 0, 1]], X, neighbours=2) == pytest.approx((1 / 3 + 1 / 3 + 1) / 3)
    assert novelsum(X[:1], X) == 0
    assert novelsum(X[[0, 0]], X[[0, 0]]) == 0
    # four copies in the reference: the floor of 0.01 makes the density 100 and its root 10
    assert novelsum(X[:2], np.repeat(X[:2], 4, axis=0), neighbours=3) == pytest.approx(10.0)


def test_novelsum_prefers_the_spread_set_and_samples_large_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = unit(400, 8)
    close = pool[np.argsort(-(pool @ pool[0]))[:40]]
    assert novelsum(pool[::10], pool) > novelsum(close, pool)
    monkeypatch.setattr(diversity, "PAIRED", 40)
    assert novelsum(pool, pool) == novelsum(pool[np.linspace(0, 399, 40).astype(int)], pool)


def test_coverage_by_hand() -> None:
    X = np.array([[0, 0], [0, 2], [3, 0], [3, 4]], dtype=np.float32)
    assert coverage(X, X[:1]) == diversity.Coverage(5.0, 2.5)
    assert coverage(X, X) == diversity.Coverage(0.0, 0.0)
    assert coverage(X, X[:0]).radius == math.inf


def test_entropy_by_hand() -> None:
    even = entropy(np.array([0, 1, 2, 3]))
    assert (even.nats, even.evenness) == pytest.approx((math.log(4), 1.0))
    uneven = entropy(np.array(["a", "a", "a", "b"]))
    assert uneven.nats == pytest.approx(-0.75 * math.log(0.75) - 0.25 * math.log(0.25))
    assert uneven.evenness == pytest.approx(uneven.nats / math.log(2))
    assert entropy(np.array([7, 7])) == entropy(np.array([], dtype=np.int64)) == diversity.Entropy(0.0, 1.0)


def test_clusters_covered_by_hand() -> None:
    labels = np.array([4, 4, 9, 0, 9, 2])
    assert clusters_covered(labels, np.array([0, 1, 2])) == 0.5
    assert clusters_covered(labels, np.arange(6)) == 1
    assert clusters_covered(labels, np.array([], dtype=np.int64)) == 0
