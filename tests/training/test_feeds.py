"""Feeds by hand: where one ends, and what it read."""

import numpy as np

from cuvee.training.feeds import InOrder, Shuffled, UpTo, different


def lengths(*tokens: int) -> np.ndarray:
    return np.array(tokens, dtype=np.int64)


def test_the_last_step_is_cut_to_the_rows_that_come_nearest() -> None:
    feed = InOrder([np.array([0, 1]), np.array([2, 3, 0])])
    upto = UpTo(feed, lengths(5, 5, 4, 4), 15)  # 10, then 4, 8, 13: 14 is nearest
    assert (upto.steps, upto.last) == (2, 1)
    assert [upto.next(step).tolist() for step in range(2)] == [[0, 1], [2]]
    assert (UpTo(feed, lengths(5, 5, 4, 4), 11).steps, UpTo(feed, lengths(5, 5, 4, 4), 1).last) == (1, 1)


def test_any_number_of_tokens_is_met_within_half_a_row() -> None:
    rows = np.random.default_rng(0).integers(3, 40, 50)
    for tokens in (1, 40, 333, 2_000, 9_999):
        upto = UpTo(Shuffled(50, 8, seed=1), rows, tokens)
        read = sum(int(rows[upto.next(step)].sum()) for step in range(upto.steps))
        assert abs(read - tokens) <= 20 or upto.steps == upto.last == 1


def test_different_units_in_order_of_first_use() -> None:
    assert different(InOrder([np.array([4, 1]), np.array([1, 2])]), 3).tolist() == [4, 1, 2]
