"""k-means: blobs whose clusters are known, and the rounds by a plain loop."""

from collections.abc import Callable

import numpy as np
import pytest

from cuvee.arrays import F32
from cuvee.errors import ConfigError
from cuvee.samples.pool import Pool
from cuvee.selectors.kmeans import k_means

SIZES = (25, 12, 5)


@pytest.fixture
def blobs() -> F32:
    draw = np.random.default_rng(0)
    X = np.repeat(np.eye(8)[: len(SIZES)], SIZES, axis=0) + draw.normal(size=(sum(SIZES), 8)) * 0.05
    return np.asarray(X / np.linalg.norm(X, axis=1, keepdims=True), dtype=np.float32)


@pytest.mark.parametrize("taken", [(), (0, 1, 2, 26)])
def test_rounds_over_known_clusters(
    make_pool: Callable[..., Pool], rng: np.random.Generator, blobs: F32, taken: tuple[int, ...]
) -> None:
    pool = make_pool(len(blobs), vectors=blobs, taken=taken)
    blob = np.repeat(np.arange(3), SIZES)
    queues = []
    for c in range(3):
        members = np.flatnonzero(blob == c)
        centre = blobs[members].mean(axis=0)
        spherical = centre / np.linalg.norm(centre)
        away = {row: float(np.linalg.norm(blobs[row] - spherical)) for row in members.tolist()}
        flat = {row: float(np.linalg.norm(blobs[row] - centre)) for row in members.tolist()}
        assert sorted(away, key=lambda row: away[row])[:3] == sorted(flat, key=lambda row: flat[row])[:3]
        queues.append([row for row in sorted(away, key=lambda row: away[row]) if row not in taken])
    given = [sum(blob[row] == c for row in taken) for c in range(3)]
    want = []
    for turn in range(max(SIZES)):
        for c in range(3):  # larger clusters first
            if turn >= given[c] and queues[c]:
                want.append(queues[c].pop(0))
    chosen = k_means(pool, len(want), rng=rng, clusters=3)
    assert [int(blob[row]) for row in chosen.rows] == [int(blob[row]) for row in want]
    assert chosen.rows[:6].tolist() == want[:6]
    for c in range(3):
        gains = chosen.gains[blob[chosen.rows] == c]
        assert (np.diff(gains) >= 0).all() and gains[0] > 0


def test_more_clusters_than_rows(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    assert sorted(k_means(make_pool(9), 9, rng=rng, clusters=100).rows.tolist()) == list(range(9))


def test_no_clusters(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    with pytest.raises(ConfigError, match="clusters"):
        k_means(make_pool(9), 3, rng=rng, clusters=0)
