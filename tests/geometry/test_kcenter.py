"""Greedy k-center against a float64 brute force, and answers anyone can check by eye."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuvee.arrays import F32, F64, I64
from cuvee.errors import SelectionError
from cuvee.geometry import bounds
from cuvee.geometry import kcenter as module
from cuvee.geometry.kcenter import kcenter


def brute(X: F32, k: int, taken: I64) -> tuple[I64, F64]:
    """Every distance in float64 by differences, a full scan per pick."""
    wide, free = X.astype(np.float64), np.ones(len(X), dtype=bool)
    free[taken] = False
    nearest = np.full(len(X), np.inf)
    rows: list[int] = []
    distances: list[float] = []
    for row in taken.tolist():
        nearest = np.minimum(nearest, ((wide - wide[row]) ** 2).sum(axis=1))
    for _ in range(min(k, int(free.sum()))):
        if not rows and not len(taken):
            row = int(((wide - wide.mean(axis=0)) ** 2).sum(axis=1).argmin())
        else:
            row = int(np.where(free, nearest, -1).argmax())
        rows.append(row)
        distances.append(np.sqrt(nearest[row]))
        free[row] = False
        nearest = np.minimum(nearest, ((wide - wide[row]) ** 2).sum(axis=1))
    return np.asarray(rows, dtype=np.int64), np.asarray(distances)


def same(X: F32, k: int, taken: I64) -> None:
    rows, distances = kcenter(X, k, taken=taken)
    expected, apart = brute(X, k, taken)
    assert rows.dtype == np.int64
    assert distances.dtype == np.float32
    assert rows.tolist() == expected.tolist()
    np.testing.assert_array_equal(distances, apart.astype(np.float32))


@st.composite
def problems(draw: st.DrawFn) -> tuple[F32, int, I64]:
    n, d = draw(st.integers(1, 120)), draw(st.integers(1, 24))
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X = chance.normal(size=(n, d)) * draw(st.sampled_from([1e-3, 1.0, 50.0])) + draw(st.sampled_from([0.0, 3.0]))
    kind = draw(st.sampled_from(["free", "grid", "copies", "unit", "nearly copies", "one row"]))
    if kind == "grid":
        X = np.round(X)
    if kind in ("copies", "nearly copies"):
        X = X[chance.integers(0, max(1, n // 4), size=n)]
    if kind == "nearly copies":
        X = X + 1e-6 * chance.normal(size=X.shape) * (chance.random((n, 1)) < 0.3)
    if kind == "unit":
        X = X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-9)
    if kind == "one row":
        X = np.repeat(X[:1], n, axis=0)
    taken = chance.permutation(n)[: draw(st.integers(0, n))].astype(np.int64)
    return X.astype(np.float32), draw(st.integers(0, n + 3)), taken if draw(st.booleans()) else taken[:0]


@given(problems())
@settings(max_examples=300)
def test_equals_brute_force(problem: tuple[F32, int, I64]) -> None:
    same(*problem)


@given(problems())
@settings(max_examples=120)
def test_equals_brute_force_when_every_block_is_tiny(problem: tuple[F32, int, I64]) -> None:
    with pytest.MonkeyPatch.context() as patch:  # refills, late centres and uncopied working sets happen at small n
        for name, value in {"WIDTH": 3, "COPIED": 5, "FIRST": 2, "PAIRS": 7, "ROWS": 4}.items():
            for where in (module, bounds):
                patch.setattr(where, name, value, raising=False)
        X, k, taken = problem
        rows, distances = kcenter(X, k, taken=taken)
        assert len(rows) == min(k, len(X) - len(taken))
        if len(taken):  # the mean of X is summed by blocks, so the first row may differ where it is a tie
            same(X, k, taken)
        assert not set(rows.tolist()) & set(taken.tolist())
        assert (np.diff(distances) <= 0).all() or not len(taken)


@pytest.mark.parametrize("copies", [1, 6])
def test_equals_brute_force_at_thousands_of_rows(copies: int) -> None:
    chance = np.random.default_rng(4)
    base = chance.normal(size=(30, 48))[chance.integers(30, size=6_000 // copies)]
    X = np.repeat(base + 0.5 * chance.normal(size=base.shape), copies, axis=0).astype(np.float32)
    X = X[chance.permutation(len(X))] / np.float32(7)
    same(X, 700, np.sort(chance.choice(len(X), 60, replace=False)))


def test_many_exact_ties_go_to_the_lowest_row() -> None:
    X = np.eye(300, dtype=np.float32)  # every pair is equally far
    rows, distances = kcenter(X, 299, taken=[7])
    assert rows.tolist() == [row for row in range(300) if row != 7]
    assert np.unique(distances).tolist() == [np.float32(np.sqrt(2))]


def test_thousands_of_twins_come_last_in_row_order_at_distance_zero() -> None:
    chance = np.random.default_rng(0)
    distinct = chance.normal(size=(500, 64)).astype(np.float32)
    X = np.concatenate([distinct, distinct[chance.integers(500, size=8_000)]])
    rows, distances = kcenter(X, len(X))
    assert sorted(rows.tolist()) == list(range(8_500))
    assert len(np.unique(X[rows[:500]], axis=0)) == 500
    assert (distances[1:500] > 0).all()
    assert (distances[500:] == 0).all()
    assert (np.diff(rows[500:]) > 0).all()


def test_a_twin_of_a_taken_row_is_picked_last() -> None:
    corners = np.eye(4, dtype=np.float32)
    rows, distances = kcenter(np.concatenate([corners, corners[:1]]), 4, taken=[0])
    assert rows.tolist() == [1, 2, 3, 4]
    assert distances[-1] == 0


def test_a_line_by_hand() -> None:
    X = np.array([[0], [1], [2], [6], [10]], dtype=np.float32)  # the mean is 3.8
    rows, distances = kcenter(X, 9)
    assert rows.tolist() == [2, 4, 3, 0, 1]
    assert distances.tolist() == [np.inf, 8, 4, 2, 1]


def test_edges() -> None:
    X = np.eye(3, dtype=np.float32)
    for rows, distances in (kcenter(X, 0), kcenter(X, 5, taken=[0, 1, 2]), kcenter(X[:0], 3), kcenter(X, -1)):
        assert len(rows) == len(distances) == 0
    assert kcenter(X, 5, taken=[2, 2, 0])[0].tolist() == [1]
    assert kcenter(np.zeros((4, 2), dtype=np.float32), 4)[0].tolist() == [0, 1, 2, 3]
    assert kcenter(np.array([[1e-25], [2e-25], [5e-25]], dtype=np.float32), 3)[0].tolist() == [1, 2, 0]


def test_what_is_not_finite_is_named() -> None:
    X = np.ones((5, 2), dtype=np.float32)
    X[3, 1] = np.nan
    with pytest.raises(SelectionError, match=r"1 of 5 .* row 3"):
        kcenter(X, 2)
    X[3, 1] = 1e30
    with pytest.raises(SelectionError, match="too long"):
        kcenter(X, 2)


def test_a_memory_mapped_file_is_read_and_not_written(tmp_path: Path) -> None:
    X = np.random.default_rng(1).normal(size=(500, 16)).astype(np.float32)
    np.save(tmp_path / "X.npy", X)
    before = (tmp_path / "X.npy").read_bytes()
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert kcenter(mapped, 50)[0].tolist() == kcenter(X, 50)[0].tolist()
    assert (tmp_path / "X.npy").read_bytes() == before


def test_memory_is_far_below_the_vectors() -> None:
    X = np.random.default_rng(2).normal(size=(100_000, 256)).astype(np.float32)  # 102 MB
    tracemalloc.start()
    kcenter(X, 20, taken=[5])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6
