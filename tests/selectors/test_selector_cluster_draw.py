"""Cluster draw: even without a score, towards good clusters and rows with one."""

from collections.abc import Callable

import numpy as np
import pytest

from cuvee.errors import ConfigError
from cuvee.samples.pool import Pool
from cuvee.selectors.clusterdraw import cluster_draw, drawn

MADE = np.repeat(np.arange(4), [200, 100, 60, 40])


@pytest.fixture
def pool(make_pool: Callable[..., Pool]) -> Pool:
    draw = np.random.default_rng(2)
    X = (np.eye(4, 9)[MADE] + 0.03 * draw.normal(size=(400, 9))).astype(np.float32)
    return make_pool(400, vectors=X).with_scores(mine=(MADE + draw.random(400)).astype(np.float32))


def shares(pool: Pool, k: int, seed: int = 0, **settings: object) -> list[int]:
    rows = cluster_draw(pool, k, rng=np.random.default_rng(seed), clusters=4, **settings).rows  # type: ignore[arg-type]
    return [int((MADE[rows] == place).sum()) for place in range(4)]


def test_without_a_score_every_cluster_counts_alike_or_by_its_size(pool: Pool) -> None:
    assert shares(pool, 40) == [10, 10, 10, 10]
    assert shares(pool, 40, sizes=1.0) == [20, 10, 6, 4]


def test_good_clusters_get_more(pool: Pool) -> None:
    found = shares(pool, 40, score="mine")
    assert found == sorted(found) and found[0] < 6 < found[3]


def test_the_first_of_a_draw_is_proportional_to_quality() -> None:
    quality = np.array([0.5, 0.3, 0.2, 0.0])
    draw = np.random.default_rng(0)
    firsts = [
        drawn(np.zeros(4, dtype=np.int64), np.ones(1), quality, draw.random(4), 4, taken=np.array([], dtype=np.int64))[
            0
        ]
        for _ in range(4_000)
    ]
    np.testing.assert_allclose(np.bincount([one[0] for one in firsts], minlength=4) / 4_000, quality, atol=0.03)
    assert all(one[3] == 3 for one in firsts)


def test_a_setting_that_cannot_be(pool: Pool) -> None:
    with pytest.raises(ConfigError, match="sizes"):
        cluster_draw(pool, 3, rng=np.random.default_rng(0), sizes=2.0)
