"""Lexical richness against a loop over windows."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuvee.samples.pool import BarePool
from cuvee.samples.schema import TURN
from cuvee.scorers.richness import lexical_richness


def pool_of(answers: list[str | None]) -> BarePool:
    messages = [[{"role": "user", "content": "q"}, {"role": "assistant", "content": answer}] for answer in answers]
    return BarePool(pa.table({"messages": pa.array(messages, pa.list_(TURN))}))


def by_hand(words: list[str], window: int) -> float:
    size = min(window, len(words))
    runs = [words[start : start + size] for start in range(len(words) - size + 1)]
    return float(np.mean([len(set(run)) / size for run in runs]))


texts = st.lists(st.lists(st.sampled_from(list("abcdefgh")), min_size=1, max_size=30), min_size=1, max_size=8)


@given(texts, st.integers(1, 12))
def test_against_a_loop(rows: list[list[str]], window: int) -> None:
    scores = lexical_richness(pool_of([" ".join(row) for row in rows]), window=window, fewest=1)
    np.testing.assert_allclose(scores, [by_hand(row, window) for row in rows], rtol=1e-6)


def test_worked_by_hand() -> None:
    # windows of 3 over "a b a a c": aba, baa, aac have 2, 2, 2 different words
    assert lexical_richness(pool_of(["a b a a c"]), window=3, fewest=1)[0] == pytest.approx(2 / 3)
    assert lexical_richness(pool_of(["A a B b"]), fewest=1)[0] == pytest.approx(0.5)


def test_length_does_not_matter_beyond_the_window() -> None:
    draw = np.random.default_rng(0)
    short, long = (" ".join(f"w{w}" for w in draw.integers(0, 100, size=n)) for n in (300, 6000))
    scores = lexical_richness(pool_of([short, long]))
    assert abs(scores[0] - scores[1]) < 0.03


def test_too_few_words_are_null() -> None:
    nine, ten = " ".join("abcdefghi"), " ".join("abcdefghij")
    scores = lexical_richness(pool_of([nine, ten, "", None, "a " * 20]))
    assert np.isnan(scores[[0, 2, 3]]).all()
    np.testing.assert_allclose(scores[[1, 4]], [1.0, 0.05])
