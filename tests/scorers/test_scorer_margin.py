"""By how much the chosen answer is better, as the data say it."""

import numpy as np
import pyarrow as pa
import pytest

from cuvee.errors import SelectionError
from cuvee.samples.pool import BarePool
from cuvee.scorers.margin import margin


def pool(values: list[float | None]) -> BarePool:
    return BarePool(pa.table({"margin": pa.array(values, pa.float64())}), None)


def test_it_is_what_the_data_say_and_nothing_where_they_are_silent() -> None:
    np.testing.assert_array_equal(margin(pool([2.5, None, -1.0])), np.array([2.5, np.nan, -1.0], np.float32))


def test_a_pool_without_such_a_column_is_refused() -> None:
    with pytest.raises(SelectionError, match="margin reads a column"):
        margin(BarePool(pa.table({"id": ["a", "b"]}), None))
