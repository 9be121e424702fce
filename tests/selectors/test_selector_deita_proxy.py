"""deita-proxy: DEITA's rule by a score that nobody rated, under a name of its own."""

from collections.abc import Callable

import numpy as np

from cuvee.samples.pool import Pool
from cuvee.selectors import choose, scores_needed


def test_it_is_the_rule_of_deita_and_says_what_it_goes_by(make_pool: Callable[..., Pool]) -> None:
    pool = make_pool(40, mine=np.random.default_rng(0).random(40).astype(np.float32))
    one, other = (
        choose(pool, 12, name, rng=np.random.default_rng(0), score="mine") for name in ("deita", "deita-proxy")
    )
    assert one.rows.tolist() == other.rows.tolist()
    assert scores_needed("deita-proxy") == ["length", "lexical-richness"]
    assert "nobody rated" in choose(pool, 5, "deita-proxy", rng=np.random.default_rng(0)).reason(0)
