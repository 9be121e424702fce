"""Length counts words, in scripts with and without spaces."""

import numpy as np
import pytest

from cuvee.scorers import words


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("  \n ", 0),
        ("The cat sat.", 3),
        ("don't stop", 2),
        ("x = foo(bar_1, 2.5)", 5),  # x, foo, bar_1, 2, 5
        ("状态机 ok", 4),
        ("naïve café", 2),
        ("---", 0),
        ("привет, мир", 2),
    ],
)
def test_words(text: str, count: int) -> None:
    assert words.count([text]).to_list() == [count]
    assert len(words.split([text]).to_list()[0]) == count


def test_no_text_is_null() -> None:
    assert words.count([None, "a"]).to_list() == [None, 1]
    assert words.split([None, "A b"]).to_list() == [None, ["a", "b"]]
    assert np.isnan(words.count([None]).cast(float).to_numpy()).all()
