"""What is kept: exact mixes, equal shares, the densest first, against brute force."""

import numpy as np
import pytest

from cuvee.arrays import F32
from cuvee.errors import ConfigError
from cuvee.interpolation import keeping
from cuvee.interpolation.mixing import Mixing, mix
from cuvee.interpolation.pairs import PairRows
from cuvee.training.mixture import Mixture, joined, real


def vectors(n: int, d: int = 5, seed: int = 0) -> F32:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def some(n: int, blends: int) -> Mixture:
    rng = np.random.default_rng(2)
    left, right = rng.integers(0, n // 2, blends), rng.integers(n // 2, n, blends)
    return joined(real(np.arange(n)), Mixture(left, right, rng.random(blends).astype(np.float32)))


def test_a_vector_is_the_mix_of_its_rows_and_a_real_row_is_itself() -> None:
    X, total = vectors(20), some(20, 30)
    exact = total.weight[:, None].astype(np.float64) * X[total.left] + (1 - total.weight[:, None]) * X[total.right]
    found = total.vectors(X)
    assert np.array_equal(found[:20], X)
    assert found == pytest.approx(exact, abs=1e-6)
    assert np.array_equal(np.concatenate([part for _, part in total.blocks(X)]), found)


def test_rows_are_those_of_both_sides_in_order_of_first_use() -> None:
    entries = Mixture(np.array([7, 3, 7]), np.array([7, 9, 2]), np.array([1, 0.5, 0.1], dtype=np.float32))
    assert entries.rows().tolist() == [7, 3, 9, 2]
    moved = entries.renumbered(entries.rows())
    assert moved.left.tolist() == [0, 1, 0] and moved.right.tolist() == [0, 2, 3]


def test_every_entry_is_in_the_cluster_of_its_nearest_centre() -> None:
    X, total = vectors(60), some(60, 200)
    found = keeping.group(total, X, 6, seed=1)
    gaps = np.linalg.norm(total.vectors(X)[:, None] - found.centers[None], axis=2)
    assert np.array_equal(found.labels, gaps.argmin(axis=1))
    assert found.sparsity == pytest.approx(gaps.min(axis=1), abs=1e-5)


def test_knn_density_is_the_mean_distance_to_the_nearest_ten_of_the_cluster() -> None:
    X, total = vectors(40), some(40, 100)
    found = keeping.group(total, X, 4, density="knn", seed=1)
    Z = total.vectors(X)
    for at in range(len(total)):
        mates = np.flatnonzero((found.labels == found.labels[at]) & (np.arange(len(total)) != at))
        nearest = np.sort(np.linalg.norm(Z[mates] - Z[at], axis=1))[:10]
        assert found.sparsity[at] == pytest.approx(nearest.mean(), abs=1e-3)


def test_each_cluster_gives_its_densest_in_turn_until_it_is_empty() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1, 2, 2, 2])
    sparsity = np.array([4, 1, 3, 2, 9, 8, 6, 5, 7], dtype=np.float32)
    assert keeping.keep(labels, sparsity, 9).tolist() == [1, 7, 5, 3, 6, 4, 2, 8, 0]
    for k in range(10):
        assert keeping.keep(labels, sparsity, k).tolist() == keeping.keep(labels, sparsity, 9).tolist()[:k]


@pytest.mark.parametrize("k", [0, 1, 7, 40, 160, 500])
@pytest.mark.parametrize("least", [0.0, 0.5, 1.0])
def test_exactly_k_different_entries_are_kept(k: int, least: float) -> None:
    X, keys = vectors(60), np.arange(60, dtype=np.uint64) * np.uint64(7919)
    tasks = np.arange(60) % 4
    kept = mix(X, PairRows(keys, tasks), k, Mixing(blends=2, clusters=8, rows=least), seed=1).kept
    assert len(kept) == min(k, 180)
    assert len(set(zip(kept.left.tolist(), kept.right.tolist(), strict=True))) == len(kept)
    assert kept.real.sum() >= min(round(least * k), 60)


def test_the_same_pool_in_another_order_gives_the_same_mixture() -> None:
    X, keys, tasks = vectors(80), np.random.default_rng(1).integers(0, 2**62, 80).astype(np.uint64), np.arange(80) % 5
    turn = np.random.default_rng(3).permutation(80)
    one = mix(X, PairRows(keys, tasks), 50, Mixing(clusters=7), seed=2).kept
    other = mix(X[turn], PairRows(keys[turn], tasks[turn]), 50, Mixing(clusters=7), seed=2).kept
    assert np.array_equal(keys[one.left], keys[turn][other.left])
    assert np.array_equal(keys[one.right], keys[turn][other.right]) and np.array_equal(one.weight, other.weight)


def test_without_clusters_entries_are_drawn_at_random() -> None:
    X, keys, tasks = vectors(500), np.arange(500, dtype=np.uint64), np.arange(500) % 5
    kept = mix(X, PairRows(keys, tasks), 400, Mixing(clusters=0), seed=2).kept
    assert 150 < kept.real.sum() < 250


def test_without_blends_it_is_k_means_over_rows() -> None:
    X, keys, tasks = vectors(50), np.arange(50, dtype=np.uint64), np.zeros(50, dtype=np.int64)
    kept = mix(X, PairRows(keys, tasks), 20, Mixing(blends=0, clusters=5), seed=2).kept
    assert kept.real.all() and len(kept) == 20


def test_a_pool_of_one_task_says_so_and_offers_clusters() -> None:
    X, keys = vectors(50), np.arange(50, dtype=np.uint64)
    with pytest.raises(ConfigError, match="one task") as told:
        mix(X, PairRows(keys, np.zeros(50, dtype=np.int64)), 20, Mixing(), seed=2)
    assert "--tasks clusters" in told.value.hint


@pytest.mark.parametrize(
    "wrong", [{"alpha": 0}, {"alpha": -1.0}, {"density": "knm"}, {"rows": 2}, {"pairing": "x"}, {"clusters": -1}]
)
def test_wrong_settings_are_refused(wrong: dict[str, float | str]) -> None:
    with pytest.raises(ConfigError):
        Mixing(**wrong)  # type: ignore[arg-type]
