"""Herding as a selector: typical first, outliers last; what the geometry promises stands in tests/geometry."""

from typing import Any

import numpy as np
import pytest
from tests.contracts.test_selector_contract import build

from cuvee.errors import ConfigError
from cuvee.selectors import choose


def test_a_row_of_every_place_by_size_and_the_outlier_not_before_them() -> None:
    draw = np.random.default_rng(0)
    places = np.repeat(np.eye(4, 8), [30, 20, 15, 1], axis=0)
    pool = build([f"a {row}" for row in range(66)], places + 0.05 * draw.normal(size=(66, 8)), ["t"] * 66, np.zeros(66))
    picks = choose(pool, 66, "herding", rng=np.random.default_rng(0), neighbours=5).rows
    place = np.repeat(np.arange(4), [30, 20, 15, 1])[picks]
    assert place[:3].tolist() == [0, 1, 2]
    assert (place[:10] == 3).sum() <= 1


@pytest.mark.parametrize("settings", [{"neighbours": 0}, {"width": 0.0}, {"width": -1.0}])
def test_settings_that_cannot_be(settings: dict[str, Any]) -> None:
    pool = build(["a", "b"], np.eye(2), ["t"] * 2, np.zeros(2))
    with pytest.raises(ConfigError, match="width"):
        choose(pool, 1, "herding", rng=np.random.default_rng(0), **settings)
