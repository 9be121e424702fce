"""Where two rows meet: answers in one column, no row cut, and what an answer stands beside counted by hand."""

import numpy as np
import pytest
from tests.training.test_mixed_loss import ROWS, mixture, row

from cuvee.render import Encoded
from cuvee.training import meeting
from cuvee.training.meeting import Spans


def test_answers_start_in_one_column_and_the_longer_prompt_stays() -> None:
    spans = Spans.of(ROWS, 64)  # prompts of 4, 3, 2, 8 tokens of 9, 14, 6, 9
    left, right = meeting.shifts(mixture((0, 1, 0.3), (2, 3, 0.5), (1, 1, 1.0)), spans)
    assert left.tolist() == [0, 6, 0] and right.tolist() == [1, 0, 0]
    assert meeting.widths(mixture((0, 1, 0.3), (2, 3, 0.5), (1, 1, 1.0)), spans).tolist() == [15, 12, 14]


def test_as_published_nothing_moves() -> None:
    entries, spans = mixture((0, 1, 0.3), (2, 3, 0.5), align="start"), Spans.of(ROWS, 64)
    assert not np.concatenate(meeting.shifts(entries, spans)).any()
    assert meeting.widths(entries, spans).tolist() == [14, 9]


@pytest.mark.parametrize(("weight", "tokens"), [(1.0, 9), (0.0, 14)])
def test_a_blend_that_is_wholly_one_row_takes_that_rows_tokens(weight: float, tokens: int) -> None:
    assert meeting.widths(mixture((0, 1, weight)), Spans.of(ROWS, 64)).tolist() == [tokens]


def test_no_row_is_moved_beyond_what_the_model_reads() -> None:
    long_prompt, long_answer = row(5, 60, 58), row(6, 60, 2)
    spans = Spans.of([long_prompt, long_answer, row(7, 8, 2)], 64)
    entries = mixture((0, 1, 0.5), (2, 0, 0.5))
    left, right = meeting.shifts(entries, spans)
    assert left.tolist() == [0, 56] and right.tolist() == [4, 0]
    assert meeting.widths(entries, spans).tolist() == [64, 64]


def test_what_answers_stand_beside_is_counted_token_by_token() -> None:
    for align in ("start", "answer"):
        entries, spans = mixture((0, 1, 0.3), (2, 3, 0.5), (0, 0, 1.0), align=align), Spans.of(ROWS, 64)
        left, right = meeting.shifts(entries, spans)
        mass = {"answer": 0.0, "prompt": 0.0, "padding": 0.0}
        for at in range(2):
            sides = [(left[at], ROWS[entries.left[at]]), (right[at], ROWS[entries.right[at]])]
            for (shift, one), (moved, other), share in zip(
                sides, sides[::-1], (entries.weight[at], 1 - entries.weight[at]), strict=True
            ):
                for token in np.flatnonzero(one.answer):
                    place = token + shift - moved
                    inside = 0 <= place < len(other)
                    mass["padding" if not inside else "answer" if other.answer[place] else "prompt"] += share
        found = meeting.met(entries, ROWS, spans)
        assert vars(found) == pytest.approx({name: part / sum(mass.values()) for name, part in mass.items()}, abs=1e-6)
    assert found.prompt == 0, "aligned, an answer stands beside an answer or nothing"


def test_without_blends_nothing_meets_and_a_row_without_an_answer_is_all_prompt() -> None:
    silent = Encoded(np.arange(5, dtype=np.int32), np.zeros(5, dtype=bool))
    assert Spans.of([silent], 64).prompts.tolist() == [5]
    assert meeting.met(mixture((0, 0, 1.0)), ROWS, Spans.of(ROWS, 64)) == meeting.Met(0, 0, 0)
