"""Forward passes of a step: every row once, within the budget, as many as are asked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="the base install has no torch")

lengths = st.lists(st.integers(1, 60), min_size=1, max_size=20)


@given(lengths, st.integers(1, 200), st.integers(0, 6))
def test_every_row_is_in_one_pass_and_no_pass_is_wider_than_the_budget(
    given: list[int], budget: int, more: int
) -> None:
    from cuvee.training.batches import passes, spread

    tokens = np.array(given)
    needed = passes(tokens, budget)
    groups = spread(tokens, budget, len(needed) + more)
    assert len(groups) == len(needed) + more
    assert sorted(np.concatenate(groups).tolist()) == list(range(len(tokens)))
    for group in groups:
        assert len(group) <= 1 or len(group) * tokens[group].max() <= budget


@given(lengths, st.integers(1, 200), st.data())
def test_longer_rows_never_need_fewer_passes(given: list[int], budget: int, data: st.DataObject) -> None:
    """So the passes that the longest rows need are enough for any step."""
    from cuvee.training.batches import passes

    shorter = [data.draw(st.integers(1, length)) for length in given]
    assert len(passes(np.array(shorter), budget)) <= len(passes(np.array(given), budget))
