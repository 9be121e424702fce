"""Top: best by score, nulls last and said so."""

from collections.abc import Callable

import numpy as np
import pytest

from cuvee.errors import SelectionError
from cuvee.samples.pool import Pool
from cuvee.selectors.top import top

NAN = float("nan")


def test_against_a_plain_sort(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    values = rng.random(50).astype(np.float32)
    pool = make_pool(50, mine=values)
    assert top(pool, 9, rng=rng, score="mine").rows.tolist() == sorted(range(50), key=lambda i: -values[i])[:9]
    assert (
        top(pool, 9, rng=rng, score="mine", lowest=True).rows.tolist() == sorted(range(50), key=lambda i: values[i])[:9]
    )


def test_null_scores_come_last_and_say_so(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    chosen = top(make_pool(4, mine=[NAN, 2, NAN, 3]), 4, rng=rng, score="mine")
    assert chosen.rows[:2].tolist() == [3, 1] and set(chosen.rows[2:].tolist()) == {0, 2}
    assert chosen.gains[:2].tolist() == [3, 2] and np.isnan(chosen.gains[2:]).all()
    assert list(chosen.reasons) == ["highest mine"] * 2 + ["last: mine could not be scored"] * 2


def test_ties_go_by_key(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    pool = make_pool(30, mine=[1.0] * 30)
    assert top(pool, 30, rng=rng, score="mine").rows.tolist() == sorted(range(30), key=lambda i: pool.keys[i])


def test_the_scorer_gives_the_direction(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    degree = [3.0, 0.0, 2.0]
    pool = make_pool(3).with_scores(**{"duplicate-degree": np.array(degree, dtype=np.float32)})
    chosen = top(pool, 3, rng=rng, score="duplicate-degree")
    assert chosen.rows.tolist() == [1, 2, 0] and chosen.reason(0) == "lowest duplicate-degree"


def test_a_score_that_is_missing_is_made(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    chosen = top(make_pool(17), 1, rng=rng)  # row 16 has the longest answer: "answer 16" and 16 words
    assert chosen.rows.tolist() == [16] and chosen.gains.tolist() == [18]


def test_a_product_of_scores(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    pool = make_pool(3, a=[1, 2, 3], b=[9, 4, NAN])
    chosen = top(pool, 3, rng=rng, score="a * b")
    assert chosen.rows.tolist() == [0, 1, 2] and chosen.gains[:2].tolist() == [9, 8]


def test_a_product_without_direction_is_refused(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    with pytest.raises(SelectionError, match="no direction"):
        top(make_pool(2, a=[-1, 2], b=[1, 1]), 1, rng=rng, score="a*b")
    with pytest.raises(SelectionError, match="no direction"):
        top(make_pool(2, a=[1, 2]), 1, rng=rng, score="a*duplicate-degree")


def test_unknown_scores_name_those_there_are(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    with pytest.raises(SelectionError, match="the pool has: quality") as error:
        top(make_pool(3, quality=[1, 2, 3]), 1, rng=rng, score="qualty")
    assert "did you mean 'quality'" in error.value.hint
