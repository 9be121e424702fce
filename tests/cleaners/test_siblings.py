"""Answers are judged beside those of their task."""

import numpy as np
import pyarrow as pa

from cuvee.arrays import Bool
from cuvee.cleaners import siblings


def unlike_siblings(answers: list[str], tasks: list[str | None]) -> Bool:
    return siblings.unlike_siblings(siblings.endings(answers), pa.chunked_array([tasks], pa.string()))


WHOLE = "The council voted for the plan after a long debate in spring."
CUT = "The council voted for the plan after a long deba"


def test_a_cut_answer_stands_out_among_whole_ones() -> None:
    flagged = unlike_siblings([WHOLE] * 40 + [CUT], ["news"] * 41)
    assert np.flatnonzero(flagged).tolist() == [40]


def test_a_task_whose_answers_often_end_without_a_stop_says_nothing() -> None:
    assert not unlike_siblings([WHOLE] * 30 + [CUT] * 10, ["news"] * 40).any()


def test_few_answers_short_ones_and_rows_without_a_task_say_nothing() -> None:
    assert not unlike_siblings([WHOLE] * 10 + [CUT], ["news"] * 11).any()
    assert not unlike_siblings([WHOLE] * 40 + ["Paris"], ["news"] * 41).any()
    assert not unlike_siblings([WHOLE] * 40 + [CUT], [None] * 41).any()
    assert not unlike_siblings([], []).any()


def test_tasks_are_judged_apart() -> None:
    rows = [WHOLE] * 40 + [CUT] + [CUT] * 40
    flagged = unlike_siblings(rows, [*["news"] * 41, *["titles"] * 40])
    assert np.flatnonzero(flagged).tolist() == [40]
