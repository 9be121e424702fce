"""Facility location against a greedy that evaluates every row at every pick."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuvee.arrays import F32, F64, I64
from cuvee.geometry.facility import facility_location
from cuvee.geometry.neighbours import neighbours


def dense(idx: I64, similarity: F32, n: int) -> F64:
    """The same graph as a matrix: known edges both ways, 1 on the diagonal, in whole 2^-24."""
    S = np.zeros((n, n))
    for i in range(n):
        for j, s in zip(idx[i].tolist(), similarity[i].tolist(), strict=True):
            if j >= 0:
                whole = round(min(max(s, 0.0), 1.0) * 2**24) / 2**24
                S[i, j] = S[j, i] = max(S[i, j], whole)
    np.fill_diagonal(S, 1)
    return S


def brute(S: F64, k: int, taken: I64) -> tuple[list[int], list[float]]:
    covered = S[:, taken].max(axis=1, initial=0)
    free, rows, gains = np.ones(len(S), dtype=bool), [], []
    free[taken] = False
    for _ in range(min(k, int(free.sum()))):
        gain = np.where(free, np.maximum(S - covered[:, None], 0).sum(axis=0), -1)
        row = int(gain.argmax())
        rows.append(row)
        gains.append(float(gain[row]))
        free[row] = False
        covered = np.maximum(covered, S[:, row])
    return rows, gains


@st.composite
def graphs(draw: st.DrawFn) -> tuple[I64, F32, int, int, I64]:
    n, m = draw(st.integers(1, 40)), draw(st.integers(1, 6))
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X = chance.normal(size=(n, 3)).astype(np.float32)
    if draw(st.booleans()):
        X = np.round(X)  # many ties and twins
    X = (X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-9)).astype(np.float32)
    taken = chance.permutation(n)[: draw(st.integers(0, n // 2))].astype(np.int64)
    return *neighbours(X, m), n, draw(st.integers(0, n + 2)), taken


@given(graphs())
def test_equals_brute_force_greedy(graph: tuple[I64, F32, int, int, I64]) -> None:
    idx, similarity, n, k, taken = graph
    rows, gains = facility_location(idx, similarity, n, k, taken=taken)
    expected, worth = brute(dense(idx, similarity, n), k, taken)
    assert rows.dtype == np.int64
    assert gains.dtype == np.float32
    assert rows.tolist() == expected
    np.testing.assert_array_equal(gains, np.asarray(worth, dtype=np.float32))
    assert (np.diff(gains) <= 0).all()


def test_a_star_by_hand() -> None:
    idx = np.array([[-1, -1], [0, -1], [0, -1], [0, 4], [3, -1]])
    similarity = np.array([[0, 0], [0.5, 0], [0.5, 0], [0.5, 0.25], [0.25, -np.inf]], dtype=np.float32)
    rows, gains = facility_location(idx, similarity, 5, 5)
    assert rows.tolist() == [0, 4, 1, 2, 3]
    assert gains.tolist() == [2.5, 1.0, 0.5, 0.5, 0.5]
    rows, gains = facility_location(idx, similarity, 5, 2, taken=[0])
    assert rows.tolist() == [4, 1]
    assert gains.tolist() == [1.0, 0.5]


def test_negative_similarity_counts_nothing_and_above_one_is_one() -> None:
    idx = np.array([[1], [0], [0]])
    similarity = np.array([[1.0000001], [1.0000001], [-0.5]], dtype=np.float32)
    rows, gains = facility_location(idx, similarity, 3, 3)
    assert rows.tolist() == [0, 2, 1]
    assert gains.tolist() == [2, 1, 0]


@pytest.mark.parametrize("n", [0, 3])
def test_nothing_to_pick(n: int) -> None:
    idx, similarity = np.full((n, 2), -1), np.full((n, 2), -np.inf, dtype=np.float32)
    for rows, gains in (
        facility_location(idx, similarity, n, 0),
        facility_location(idx, similarity, n, 9, taken=np.arange(n)),
    ):
        assert len(rows) == len(gains) == 0
