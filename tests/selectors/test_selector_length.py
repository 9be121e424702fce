"""Length: the control."""

from collections.abc import Callable

import numpy as np

from cuvee.samples.pool import Pool
from cuvee.scorers.length import length
from cuvee.selectors import choose


def test_the_longest_answers_first(make_pool: Callable[..., Pool]) -> None:
    pool = make_pool(30)
    words = length(pool)
    chosen = choose(pool, 10, "length", rng=np.random.default_rng(0))
    assert words[chosen.rows].tolist() == sorted(words.tolist(), reverse=True)[:10] == chosen.gains.tolist()
    same = choose(pool, 10, "top", rng=np.random.default_rng(0), score="length")
    assert same.rows.tolist() == chosen.rows.tolist()
