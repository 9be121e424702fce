"""Facility location: greedy by plain loops, and by submodlib."""

from collections.abc import Callable

import numpy as np
import pytest

from cuvee.arrays import F32
from cuvee.samples.pool import Pool
from cuvee.selectors.facility import facility_location


def graph(X: F32, degree: int) -> F32:
    """The dense similarities with everything but each row's nearest neighbours and itself set to 0."""
    full = (X @ X.T).astype(np.float64)
    sparse = np.zeros_like(full)
    for i in range(len(X)):
        others = [j for j in np.argsort(-full[i]).tolist() if j != i][:degree]
        for j in [*others, i]:
            sparse[i, j] = 1.0 if i == j else max(full[i, j], 0.0)
    return np.asarray(np.maximum(sparse, sparse.T), dtype=np.float32)  # an edge that either row lists


@pytest.mark.parametrize("taken", [(), (3, 30)])
def test_against_plain_greedy(make_pool: Callable[..., Pool], rng: np.random.Generator, taken: tuple[int, ...]) -> None:
    pool = make_pool(60, taken=taken)
    similarity = graph(pool.vectors, 8)
    best = np.max([similarity[:, row] for row in taken], axis=0) if taken else np.zeros(60)
    chosen = facility_location(pool, 20, rng=rng, neighbours=8)
    done = set(taken)
    for row, gain in zip(chosen.rows.tolist(), chosen.gains.tolist(), strict=True):
        gains = {j: float(np.maximum(similarity[:, j] - best, 0).sum()) for j in range(60) if j not in done}
        assert gains[row] >= max(gains.values()) - 1e-5  # two rows that are each other's nearest tie
        assert gain == pytest.approx(gains[row], abs=1e-4)
        best = np.maximum(best, similarity[:, row])
        done.add(row)


def test_against_submodlib(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    # The compiled part alone: the package around it needs numba.
    peer = pytest.importorskip("submodlib_cpp", reason="submodlib-py is not installed")
    X = np.abs(np.random.default_rng(3).normal(size=(80, 6)))  # no negative cosine, all edges: no ties
    pool = make_pool(80, vectors=np.asarray(X / np.linalg.norm(X, axis=1, keepdims=True), dtype=np.float32))
    kernel = graph(pool.vectors, 79)
    theirs = peer.FacilityLocation(80, kernel.tolist(), False, set(), False)
    picks = theirs.maximize("NaiveGreedy", 25, False, False, 0.1, False, False, [], False)
    chosen = facility_location(pool, 25, rng=rng, neighbours=79)
    assert chosen.rows.tolist() == [row for row, _ in picks]
    np.testing.assert_allclose(chosen.gains, [gain for _, gain in picks], atol=1e-4)
