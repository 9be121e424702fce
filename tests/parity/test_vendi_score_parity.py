"""The Vendi score equals that of its authors' package."""

import numpy as np
import pytest

from cuvee.geometry.diversity import vendi_score

vendi = pytest.importorskip("vendi_score.vendi", reason="the vendi_score package is not installed")


@pytest.mark.parametrize(("n", "d"), [(30, 64), (500, 16), (1, 3)])
def test_equals_the_package(n: int, d: int) -> None:
    X = np.random.default_rng(n).normal(size=(n, d)) ** 3
    X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
    wide = X.astype(np.float64)
    assert vendi_score(X) == pytest.approx(float(vendi.score_K(wide @ wide.T)), rel=1e-5)
    assert vendi_score(X) == pytest.approx(float(vendi.score_dual(wide)), rel=1e-5)
