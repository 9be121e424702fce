"""Rating by agreement, counted by hand: a row that others complete is weak, one that nothing near asks the same is not."""

import numpy as np
import pytest

from cuvee.distillation.by_agreement import Agreement, alike, rated
from cuvee.distiller.content import content


def test_a_row_is_rated_by_its_share_of_what_near_rows_say() -> None:
    turns = [
        ("Which fruit is red?", "apples cherries"),
        ("Which fruit is red?", "apples plums"),
        ("Why is water wet?", "molecules"),
        None,
    ]
    near = np.array([[1, 2], [0, 3], [0, -1], [0, 1]])
    values = rated(turns, near)
    assert values[:3] == pytest.approx([5 * 2 / 3, 5 * 2 / 3, 5.0]) and np.isnan(values[3])


def test_other_numbers_ask_something_else() -> None:
    assert not alike(content("How many metres are 12 miles?"), content("How many metres are 13 miles?"))
    assert alike(content("How many metres are 12 miles?"), content("How many metres in 12 miles?"))


def test_a_new_row_is_rated_by_what_it_covers_and_invents() -> None:
    told = Agreement([("q", "red apples"), ("q", "green pears"), None])
    rows = np.array([0, 1])
    assert told.again(rows, ("q", "red apples, green pears")) == 5.0
    assert told.again(rows, ("q", "red apples")) == pytest.approx(2.5)
    assert told.again(rows, ("q", "red apples, green pears, lions, tigers")) == pytest.approx(5 * 4 / 6)
