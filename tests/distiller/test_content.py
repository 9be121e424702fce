"""What a merged text covers, invents and repeats, counted by hand."""

import pytest

from cuvee.distiller.content import content, merit


def test_content_is_numbers_and_words_that_mean_something() -> None:
    assert content("The 12 apples, and 3.5 of 1,000 pears, ARE red; it is so.") == {
        "12",
        "apples",
        "3.5",
        "1,000",
        "pears",
        "red",
    }


def test_a_text_that_joins_its_sources_covers_all_and_invents_nothing() -> None:
    told = merit("Red apples grow. Green pears fall.", ["Red apples grow.", "Green pears fall."])
    assert (told.coverage, told.invention, told.repetition, told.worth) == (1.0, 0.0, 0.0, 1.0)


def test_what_is_left_out_invented_and_said_twice_is_told_apart() -> None:
    told = merit("Red apples sing. Red apples sing. Red apples sing.", ["Red apples grow.", "Green pears fall."])
    assert told.coverage == pytest.approx(2 / 6) and told.invention == pytest.approx(1 / 3)
    assert told.repetition == pytest.approx(2 / 3)
    assert told.worth == pytest.approx(2 / 6 * 2 / 3 * 1 / 3)


def test_a_slip_of_a_source_need_not_be_kept_and_may_be_put_right() -> None:
    told = merit("Red apples grow.", ["Red aples grow."], reference="Red apples grow.")
    assert (told.coverage, told.invention) == (1.0, 0.0)
    alone = merit("Red apples grow.", ["Red aples grow."])
    assert alone.coverage == pytest.approx(2 / 3) and alone.invention == pytest.approx(1 / 3)


def test_nothing_covers_nothing_and_empty_sources_are_covered() -> None:
    assert merit("", ["Red apples."]).worth == 0.0 and merit("", [""]).worth == 1.0
