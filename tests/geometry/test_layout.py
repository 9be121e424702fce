"""The map: its range, its edges, and that near rows stay near."""

import warnings

import numpy as np
import pytest

from cuvee.arrays import F32
from cuvee.geometry import layout as module
from cuvee.geometry.layout import layout


def planted(n: int) -> tuple[F32, np.ndarray]:
    chance = np.random.default_rng(0)
    labels = np.arange(n) % 6
    X = np.eye(6, 24)[labels] + 0.08 * chance.normal(size=(n, 24))
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32), labels


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LANDMARKS", 150)


@pytest.mark.parametrize("n", [120, 3_000])
def test_near_rows_stay_near(n: int) -> None:
    X, labels = planted(n)
    xy = layout(X, seed=0)
    assert xy.shape == (n, 2)
    assert xy.dtype == np.float32
    assert 0 <= xy.min() < 0.05
    assert 0.95 < xy.max() <= 1
    apart = np.linalg.norm(xy[:600, None] - xy[None, :600], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert (labels[:600][apart.argmin(axis=1)] == labels[:600]).mean() > 0.95


def test_same_input_same_bytes() -> None:
    X, _ = planted(2_000)
    X.flags.writeable = False
    assert layout(X, seed=4).tobytes() == layout(X, seed=4).tobytes()


@pytest.mark.parametrize("n", [0, 1, 2, 3, 9, 10, 40])
@pytest.mark.parametrize("kind", ["random", "constant", "line", "two values"])
@pytest.mark.parametrize("d", [1, 5])
def test_small_and_degenerate_pools_neither_fail_nor_warn(n: int, kind: str, d: int) -> None:
    X = np.random.default_rng(1).normal(size=(n, d)).astype(np.float32)
    if kind == "constant":
        X[:] = 0.25
    if kind == "line":
        X = np.outer(np.arange(n), np.ones(d)).astype(np.float32)
    if kind == "two values":
        X = np.repeat((np.arange(n) % 2)[:, None], d, axis=1).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        xy = layout(X, seed=0)
    assert xy.shape == (n, 2)
    assert ((xy >= 0) & (xy <= 1)).all()
    if kind == "constant":
        assert (xy == 0.5).all()


def test_three_rows_keep_their_shape() -> None:
    xy = layout(np.array([[0, 0], [1, 0], [4, 0]], dtype=np.float32), seed=0)
    np.testing.assert_allclose(np.sort(xy[:, 0]), [0, 0.25, 1], atol=1e-6)
    assert (xy[:, 1] == 0.5).all()


def test_equal_rows_share_one_place() -> None:
    X, _ = planted(400)
    xy = layout(np.concatenate([X, X[:50]]), seed=0)
    assert (xy[:50] == xy[400:]).all()
