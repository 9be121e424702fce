import numpy as np
import pytest

from cuvee.geometry.whitening import whiten


def test_directions_that_the_widest_axis_drowned_count_as_much() -> None:
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(5_000, 6)) * [100, 10, 5, 1, 0.1, 0.01] + 7).astype(np.float32)
    white = whiten(X, 6)
    assert np.allclose(np.linalg.norm(white, axis=1), 1, atol=1e-5)
    assert np.allclose(np.cov(white.T), np.eye(6) / 6, atol=0.01)  # unit rows of an isotropic cloud


def test_before_unit_length_the_covariance_is_the_identity() -> None:
    sklearn = pytest.importorskip("sklearn.decomposition")
    X = np.random.default_rng(1).normal(size=(400, 8)).astype(np.float32) @ np.diag(np.arange(1, 9)).astype(np.float32)
    theirs = sklearn.PCA(5, whiten=True, svd_solver="full").fit_transform(X.astype(np.float64))
    theirs /= np.linalg.norm(theirs, axis=1, keepdims=True)
    ours = whiten(X, 5)
    assert np.allclose(np.abs(ours), np.abs(theirs), atol=1e-4)
    assert np.allclose(ours @ ours.T, theirs @ theirs.T, atol=1e-4)


def test_a_flat_axis_is_left_out_and_nothing_is_invented() -> None:
    X = np.zeros((50, 4), dtype=np.float32)
    X[:, 0] = np.arange(50)
    white = whiten(X, 4)
    assert np.isfinite(white).all()
    assert np.allclose(np.abs(white[[0, -1], 0]), 1) and not white[:, 1:].any()
