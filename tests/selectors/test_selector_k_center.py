"""k-center through the seam; the geometry has brute-force tests of its own."""

from collections.abc import Callable

import numpy as np
import pytest

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
