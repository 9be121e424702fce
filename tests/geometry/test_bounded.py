"""Bounded clusters: the bounds hold, nothing is lost, and the groups are as close as they can be."""

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuvee.arrays import F32, I64
from cuvee.errors import SelectionError
from cuvee.geometry import bounded
from cuvee.geometry.bounded import bounded_clusters, cohesion, how_many
from cuvee.geometry.grouping import group


def unit(n: int, d: int, seed: int) -> F32:
    X = np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)
    rows: F32 = X / np.linalg.norm(X, axis=1, keepdims=True)
    return rows


def bumps(n: int, d: int, seed: int) -> F32:
    """Return rows that lie in bunches of about five, as texts do."""
    rng = np.random.default_rng(seed)
    X = unit(-(-n // 5), d, seed).repeat(5, axis=0)[:n] + 0.3 * rng.standard_normal((n, d)) / np.sqrt(d)
    rows: F32 = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)[rng.permutation(n)]
    return rows


@given(
    n=st.integers(1, 260), low=st.integers(1, 5), more=st.integers(0, 20), leaf=st.sampled_from([8, 30, 500]),
    mean=st.none() | st.floats(1, 20), kind=st.sampled_from(["random", "bumps", "equal"]), seed=st.integers(0, 9),
)  # fmt: skip
def test_every_row_is_in_one_cluster_and_every_size_within_the_bounds(
    n: int, low: int, more: int, leaf: int, mean: float | None, kind: str, seed: int
) -> None:
    high = low + more
    X = {"random": unit, "bumps": bumps}[kind](n, 8, seed) if kind != "equal" else np.ones((n, 1), np.float32)
    if -(-n // high) > n // low:
        with pytest.raises(SelectionError):
            bounded_clusters(X, low, high, mean=mean)
        return
    with patch.object(bounded, "LEAF", leaf):
        labels = bounded_clusters(X, low, high, mean=mean, seed=seed)
        again = bounded_clusters(X, low, high, mean=mean, seed=seed)
    sizes = np.bincount(labels)
    assert labels.shape == (n,) and sizes.min() >= low and sizes.max() <= high
    assert len(sizes) == how_many(n, low, high, mean)
    assert labels.tolist() == again.tolist()


@pytest.mark.parametrize(("n", "low", "high"), [(30, 3, 4), (29, 3, 4), (31, 5, 7), (44, 4, 5)])
def test_rows_are_kept_for_groups_below_their_bound(n: int, low: int, high: int) -> None:
    """Equal rows gain as much anywhere, so that full groups take what others lack unless it is kept for them."""
    sizes = np.bincount(bounded_clusters(np.ones((n, 1), np.float32), low, high))
    assert sizes.min() >= low and sizes.max() <= high and sizes.sum() == n


def partitions(rows: list[int], k: int, low: int, high: int) -> Iterator[list[list[int]]]:
    """Yield every way to put the rows into k groups within the bounds."""
    from itertools import combinations

    if k == 0:
        if not rows:
            yield []
        return
    first, rest = rows[0], rows[1:]
    for size in range(low, high + 1):
        for others in combinations(rest, size - 1):
            left = [row for row in rest if row not in others]
            if (k - 1) * low <= len(left) <= (k - 1) * high and (left or k == 1):
                for more in partitions(left, k - 1, low, high):
                    yield [[first, *others], *more]


def value(X: F32, groups: list[list[int]]) -> float:
    return float(sum(np.linalg.norm(X[members].sum(axis=0)) for members in groups)) / len(X)


@pytest.mark.parametrize(
    ("n", "k", "low", "high"), [(6, 2, 2, 4), (7, 3, 2, 3), (8, 3, 2, 5), (9, 3, 2, 5), (9, 4, 1, 4)]
)
def test_small_groups_are_near_the_best_there_are(n: int, k: int, low: int, high: int) -> None:
    shares = []
    for seed in range(20):
        X = bumps(n, 6, seed)
        best = max(value(X, groups) for groups in partitions(list(range(n)), k, low, high))
        labels = group(X, k, low, high)
        assert cohesion(X, labels) <= best + 1e-6
        shares.append(cohesion(X, labels) / best)
    assert np.mean(shares) > 0.985 and min(shares) > 0.9


def test_pairs_that_are_equal_stay_together() -> None:
    X = unit(40, 16, 3).repeat(2, axis=0)
    labels = bounded_clusters(X, 2, 2)
    assert all(one == other for one, other in labels.reshape(-1, 2))
    assert cohesion(X, labels) == pytest.approx(1, abs=1e-6)


def test_cohesion_is_the_mean_cosine_to_the_cluster_mean() -> None:
    X = unit(500, 12, 1)
    labels = np.random.default_rng(0).integers(0, 60, 500)
    means = {at: X[labels == at].mean(axis=0) for at in set(labels.tolist())}
    cosines = [float(row @ means[at] / np.linalg.norm(means[at])) for row, at in zip(X, labels.tolist(), strict=True)]
    assert cohesion(X, labels) == pytest.approx(np.mean(cosines), abs=1e-6)


def with_capacity(X: F32, k: int, high: int, seed: int) -> I64:
    """Return MiniBatchKMeans labels, each row at the nearest centre that has room."""
    from sklearn.cluster import MiniBatchKMeans

    centres = MiniBatchKMeans(k, random_state=seed, n_init=1).fit(X).cluster_centers_
    distance = np.square(centres).sum(axis=1) - 2 * X @ centres.T
    labels, room = np.full(len(X), -1), np.full(k, high)
    for row in np.argsort(distance.min(axis=1)):
        for at in np.argsort(distance[row]):
            if room[at]:
                labels[row], room[at] = at, room[at] - 1
                break
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def test_clusters_of_real_rows_are_at_least_as_cohesive_as_k_means_with_capacity(real_pool: Path) -> None:
    import orjson

    from cuvee.embedders.lexical import Lexical

    rows = orjson.loads((real_pool / "dolly_3k.json").read_bytes())[:1500]
    texts = [row["instruction"] for row in rows]
    embedder = Lexical()
    embedder.fit(texts)
    X = embedder.encode(texts)
    theirs = with_capacity(X, len(X) // 3, 5, 0)
    ours = bounded_clusters(X, 2, 5, mean=len(X) / len(set(theirs.tolist())))
    assert cohesion(X, ours) >= cohesion(X, theirs)


@pytest.mark.parametrize(("n", "low", "high"), [(7, 3, 3), (5, 3, 4), (1, 2, 5), (10, 4, 3), (10, 0, 3)])
def test_what_cannot_be_cut_says_so(n: int, low: int, high: int) -> None:
    with pytest.raises(SelectionError):
        bounded_clusters(unit(n, 4, 0), low, high)


def test_no_rows_make_no_clusters() -> None:
    assert bounded_clusters(np.empty((0, 4), np.float32), 2, 5).shape == (0,)
