"""k-center through the seam; the geometry has brute-force tests of its own."""

from collections.abc import Callable

import numpy as np
import pytest

from cuvee.errors import ConfigError
from cuvee.samples.pool import Pool
from cuvee.selectors.kcenter import k_center


@pytest.mark.parametrize("taken", [(), (4,), (0, 17, 39)])
def test_every_pick_is_the_farthest(
    make_pool: Callable[..., Pool], rng: np.random.Generator, taken: tuple[int, ...]
) -> None:
    pool = make_pool(40, taken=taken)
    chosen = k_center(pool, 30, rng=rng)
    centres = list(taken)
    for row, gain in zip(chosen.rows.tolist(), chosen.gains.tolist(), strict=True):
        if centres:
            far = [min(float(np.linalg.norm(x - pool.vectors[c])) for c in centres) for x in pool.vectors]
            assert row == int(np.argmax(far))
            assert gain == pytest.approx(far[row], abs=1e-3)
        centres.append(row)


def test_twins_of_chosen_rows_come_last(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    base = make_pool(20)
    pool = make_pool(40, vectors=np.concatenate([base.vectors, base.vectors]))
    chosen = k_center(pool, 40, rng=rng)
    assert sorted(row % 20 for row in chosen.rows[:20].tolist()) == list(range(20))
    assert chosen.gains[20:].max() < 1e-3


def test_outliers_come_after_all_others(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    draw = np.random.default_rng(0)
    places = np.repeat(np.eye(3, 12), [30, 30, 37], axis=0) + 0.05 * draw.normal(size=(97, 12))
    pool = make_pool(100, vectors=np.concatenate([places, -np.eye(3, 12)]).astype(np.float32))
    assert {97, 98, 99} <= set(k_center(pool, 6, rng=rng).rows.tolist())
    for trim in ("3%", 0.03):
        trimmed = k_center(pool, 100, rng=rng, trim=trim)
        assert sorted(trimmed.rows[97:].tolist()) == [97, 98, 99]
        assert trimmed.reason(0) != trimmed.reason(99)


def test_every_cluster_gives_its_farthest_in_turn(make_pool: Callable[..., Pool]) -> None:
    draw = np.random.default_rng(1)
    made = np.repeat(np.arange(4), [60, 20, 12, 8])
    pool = make_pool(100, vectors=(np.eye(4, 9)[made] + 0.05 * draw.normal(size=(100, 9))).astype(np.float32))
    rows = k_center(pool, 20, rng=np.random.default_rng(0), by="cluster", clusters=4).rows
    assert np.bincount(made[rows]).tolist() == [5, 5, 5, 5]
    for place in range(4):  # within it, by hand
        members, mine = np.flatnonzero(made == place), rows[made[rows] == place]
        for at in range(1, 5):
            far = [np.linalg.norm(pool.vectors[mine[:at]] - pool.vectors[row], axis=1).min() for row in members]
            assert mine[at] == members[int(np.argmax(far))]


@pytest.mark.parametrize("trim", ["x", "100%", -0.1, 1.0, "%"])
def test_a_trim_that_cannot_be(trim: str | float, make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    with pytest.raises(ConfigError, match="trim"):
        k_center(make_pool(5), 2, rng=rng, trim=trim)
