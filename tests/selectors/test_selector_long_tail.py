"""Long tail: the rarest rows first, by plain loops."""

from collections.abc import Callable

import numpy as np
import pytest

from cuvee.samples.pool import Pool
from cuvee.selectors.longtail import long_tail


@pytest.mark.parametrize("degree", [1, 4, 15, 60])
def test_against_plain_loops(make_pool: Callable[..., Pool], rng: np.random.Generator, degree: int) -> None:
    pool = make_pool(40, taken=(2, 8))
    typical = []
    for i in range(40):
        cosines = sorted((float(pool.vectors[i] @ pool.vectors[j]) for j in range(40) if j != i), reverse=True)
        typical.append(float(np.mean(cosines[:degree])))
    rare = [1 - typical[i] for i in range(40)]
    chosen = long_tail(pool, 38, rng=rng, neighbours=degree)
    assert sorted([*chosen.rows.tolist(), 2, 8]) == list(range(40))
    np.testing.assert_allclose(chosen.gains, [rare[i] for i in chosen.rows], atol=1e-5)
    assert (np.diff(chosen.gains) <= 0).all()  # best first; two rows that are each other's nearest may tie
