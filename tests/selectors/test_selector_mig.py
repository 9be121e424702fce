"""MIG by brute force: every free row is tried at every pick."""

from collections.abc import Callable

import numpy as np
import pytest

from cuvee.errors import ConfigError
from cuvee.samples.pool import Pool
from cuvee.selectors.mig import mig


def information(A: np.ndarray, labels: np.ndarray, quality: np.ndarray, rows: list[int], power: float) -> float:
    q = np.bincount(labels[rows], weights=quality[rows], minlength=len(A)) if rows else np.zeros(len(A))
    return float(((A @ q) ** power).sum())


@pytest.mark.parametrize("taken", [(), (3, 50)])
@pytest.mark.parametrize(("edge", "power"), [(0.2, 0.8), (1.0, 0.5), (-1.0, 0.3)])
def test_every_pick_adds_most(
    make_pool: Callable[..., Pool], edge: float, power: float, taken: tuple[int, ...]
) -> None:
    draw = np.random.default_rng(0)
    labels = np.repeat(np.arange(5), [30, 15, 8, 5, 2])
    centres = draw.normal(size=(5, 6))
    X = centres[labels] + 0.1 * draw.normal(size=(60, 6))
    unit = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
    pool = make_pool(60, vectors=unit, tasks=[f"task {label}" for label in labels], taken=taken)
    quality = draw.random(60).astype(np.float32)
    chosen = mig(pool.with_scores(mine=quality), 25, rng=draw, by="task", score="mine", edge=edge, power=power)
    means = np.stack([pool.vectors[labels == at].sum(axis=0) for at in range(5)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    A = np.where(means @ means.T >= edge, np.maximum(means @ means.T, 0), 0)
    np.fill_diagonal(A, 1)
    A /= A.sum(axis=0)
    rows = list(taken)
    for row, gain in zip(chosen.rows.tolist(), chosen.gains.tolist(), strict=True):
        before = information(A, labels, quality, rows, power)
        worth = [information(A, labels, quality, [*rows, one], power) - before for one in range(60)]
        free = [one for one in range(60) if one not in rows]
        assert worth[row] == pytest.approx(max(worth[one] for one in free), abs=1e-5)
        assert gain == pytest.approx(worth[row], abs=1e-4)
        rows.append(row)


def test_a_label_that_has_much_is_worth_less(make_pool: Callable[..., Pool]) -> None:
    labels = np.repeat(np.arange(3), [60, 30, 10])
    draw = np.random.default_rng(1)
    pool = make_pool(100, vectors=(np.eye(3, 5)[labels] + 0.02 * draw.normal(size=(100, 5))).astype(np.float32))
    rows = mig(pool, 15, rng=np.random.default_rng(0), clusters=3).rows
    assert np.bincount(labels[rows]).tolist() == [5, 5, 5]


@pytest.mark.parametrize("settings", [{"power": 0.0}, {"power": 1.5}, {"edge": 2.0}, {"score": "duplicate-degree"}])
def test_settings_that_cannot_be(make_pool: Callable[..., Pool], settings: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        mig(make_pool(20), 3, rng=np.random.default_rng(0), **settings)  # type: ignore[arg-type]
