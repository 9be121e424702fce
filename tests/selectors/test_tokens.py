"""A budget in tokens against a plain loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuvee.errors import SelectionError
from cuvee.samples.pool import Selection
from cuvee.selectors.tokens import longest_prefix


@given(st.lists(st.integers(0, 40), min_size=1, max_size=60), st.integers(1, 300))
def test_the_longest_prefix(sizes: list[int], budget: int) -> None:
    order = np.random.default_rng(len(sizes)).permutation(len(sizes)).astype(np.int64)
    tokens = np.array(sizes, dtype=np.int64)

    def select(k: int) -> Selection:
        return Selection(order[:k], order[:k].astype(np.float32), [f"row {row}" for row in order[:k]])

    want, total = [], 0
    for row in order.tolist():
        if sizes[row] > budget:
            continue
        total += sizes[row]
        if total > budget:
            break
        want.append(row)
    if not want:
        with pytest.raises(SelectionError, match="no row fits"):
            longest_prefix(select, tokens, order, budget)
        return
    got = longest_prefix(select, tokens, order, budget)
    assert got.rows.tolist() == want
    assert [got.reason(at) for at in range(len(want))] == [f"row {row}" for row in want]


def test_no_budget_chooses_nothing() -> None:
    empty = Selection(np.empty(0, np.int64), np.empty(0, np.float32), [])
    assert longest_prefix(lambda k: empty, np.array([3]), np.array([0]), 0) is empty
