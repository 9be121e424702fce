"""Pairs across tasks: which, how much of each, and that nothing but content, seed and number decides."""

import numpy as np
import pytest
from scipy import stats

from cuvee.arrays import I64, U64
from cuvee.interpolation import pairs
from cuvee.interpolation.pairs import PairRows
from cuvee.training.mixture import Mixture

AMONG = ("across", "within", "any")


def rows(n: int, tasks: int, *, among: str = "across", lengths: bool = False, seed: int = 0) -> PairRows:
    rng = np.random.default_rng(seed)
    keys: U64 = rng.integers(0, 2**63, n).astype(np.uint64)
    codes: I64 = rng.integers(0, tasks, n)
    return PairRows(keys, codes, rng.integers(5, 400, (n, 2)) if lengths else None, among)


def fits(given: PairRows, left: I64, right: I64) -> bool:
    same = given.tasks[left] == given.tasks[right]
    return bool(({"across": ~same, "within": same, "any": True}[given.among] & (left != right)).all())


@pytest.mark.parametrize("among", AMONG)
@pytest.mark.parametrize("lengths", [False, True])
@pytest.mark.parametrize("count", [10, 300, 4_000])
def test_every_pair_is_a_different_one_and_of_the_right_kind(among: str, lengths: bool, count: int) -> None:
    given = rows(200, 4, among=among, lengths=lengths)
    made = pairs.draw(given, count, alpha=1.0, seed=3)
    assert len(made) == count and fits(given, made.left, made.right)
    assert len({frozenset(pair) for pair in zip(made.left.tolist(), made.right.tolist(), strict=True)}) == count


def test_a_small_pool_gives_all_its_pairs_and_no_more() -> None:
    given = rows(12, 3)
    every = {(i, j) for i in range(12) for j in range(i) if given.tasks[i] != given.tasks[j]}
    assert pairs.possible(given) == len(every)
    made = pairs.draw(given, 10_000, alpha=1.0, seed=0)
    assert {(max(a, b), min(a, b)) for a, b in zip(made.left.tolist(), made.right.tolist(), strict=True)} == every


@pytest.mark.parametrize("among", AMONG)
def test_partners_are_drawn_evenly(among: str) -> None:
    given = rows(9, 2, among=among)
    left, right = pairs.places(given, np.arange(60_000), seed=1)
    for row in range(9):
        partners = np.bincount(right[left == row], minlength=9)
        allowed = [other for other in range(9) if fits(given, np.array([row]), np.array([other]))]
        assert set(np.flatnonzero(partners)) == set(allowed)
        assert stats.chisquare(partners[allowed]).pvalue > 1e-4
    assert stats.chisquare(np.bincount(left, minlength=9)).pvalue > 1e-4


def test_shards_make_what_one_process_makes() -> None:
    given = rows(500, 7, lengths=True)
    whole = pairs.places(given, np.arange(1_000), seed=4)
    shards = [pairs.places(given, np.arange(start, start + 100), seed=4) for start in range(0, 1_000, 100)]
    for side in (0, 1):
        assert np.array_equal(whole[side], np.concatenate([shard[side] for shard in shards]))


def by_content(given: PairRows, made: Mixture) -> list[tuple[int, int, float]]:
    return list(zip(given.keys[made.left].tolist(), given.keys[made.right].tolist(), made.weight.tolist(), strict=True))


@pytest.mark.parametrize("count", [150, 15_000])
def test_the_order_of_rows_does_not_matter(count: int) -> None:
    given = rows(200, 5, lengths=True)
    turn = np.random.default_rng(9).permutation(200)
    assert given.lengths is not None
    turned = PairRows(given.keys[turn], given.tasks[turn], given.lengths[turn])
    one, other = pairs.draw(given, count, alpha=0.4, seed=2), pairs.draw(turned, count, alpha=0.4, seed=2)
    assert by_content(given, one) == by_content(turned, other)


def test_fewer_blends_are_a_prefix_and_another_seed_makes_others() -> None:
    given = rows(300, 5)
    many, few, other = (pairs.draw(given, n, alpha=1.0, seed=s) for n, s in ((900, 1), (200, 1), (200, 2)))
    assert by_content(given, few) == by_content(given, many)[:200] != by_content(given, other)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 8.0])
def test_lambda_is_beta_and_the_same_for_a_pair_in_either_order(alpha: float) -> None:
    keys = rows(4_000, 2).keys
    left, right = np.arange(0, 4_000, 2), np.arange(1, 4_000, 2)
    drawn = pairs.weights(keys, left, right, alpha=alpha, seed=5)
    assert stats.kstest(drawn, stats.beta(alpha, alpha).cdf).pvalue > 1e-3
    assert pairs.weights(keys, right, left, alpha=alpha, seed=5) == pytest.approx(1 - drawn, abs=1e-6)


@pytest.mark.parametrize(("alpha", "where"), [(1e-4, 0.0), (1e5, 0.5)])
def test_extreme_alphas_are_real_rows_and_halves(alpha: float, where: float) -> None:
    keys = rows(400, 2).keys
    drawn = pairs.weights(keys, np.arange(200), np.arange(200, 400), alpha=alpha, seed=5)
    assert np.minimum(drawn, 1 - drawn) == pytest.approx(np.full(200, where), abs=0.02)


def test_partners_are_of_similar_prompt_and_of_similar_answer_length() -> None:
    given = rows(2_000, 5, lengths=True)
    assert given.lengths is not None
    left, right = pairs.places(given, np.arange(3_000), seed=1)
    gaps = np.abs(given.lengths[left] - given.lengths[right]) / 395  # of lengths drawn from 5 to 400
    assert (np.quantile(gaps, 0.9, axis=0) < 0.2).all(), (
        "a window is a seventh of either length; any two differ by a third"
    )
    assert (np.median(gaps, axis=0) < 0.1).all()


@pytest.mark.parametrize("lengths", [False, True])
@pytest.mark.parametrize("among", AMONG)
def test_in_turn_every_row_is_left_as_often_and_no_pair_comes_twice(among: str, lengths: bool) -> None:
    given = rows(120, 3, among=among, lengths=lengths)
    made = pairs.in_turn(given, 300, alpha=0.5, seed=2)
    assert len(made) == 300 and fits(given, made.left, made.right)
    assert len({frozenset(pair) for pair in zip(made.left.tolist(), made.right.tolist(), strict=True)}) == 300
    assert set(np.bincount(made.left, minlength=120)) == {2, 3}
    turn = np.random.default_rng(1).permutation(120)
    turned = PairRows(
        given.keys[turn], given.tasks[turn], given.lengths[turn] if given.lengths is not None else None, among
    )
    assert by_content(given, made) == by_content(turned, pairs.in_turn(turned, 300, alpha=0.5, seed=2))
    assert by_content(given, pairs.in_turn(given, 90, alpha=0.5, seed=2)) == by_content(given, made)[:90]


def test_in_turn_gives_no_more_pairs_than_there_are() -> None:
    given = PairRows(rows(5, 2).keys, np.array([0, 0, 1, 1, 1]))
    made = pairs.in_turn(given, 50, alpha=1.0, seed=0)
    assert 0 < len(made) <= pairs.possible(given) == 6 and fits(given, made.left, made.right)
    assert len(pairs.in_turn(PairRows(given.keys[:1], given.tasks[:1]), 4, alpha=1.0, seed=0)) == 0


def test_one_task_has_no_pairs_across_and_single_rows_none_within() -> None:
    assert pairs.possible(PairRows(np.arange(5, dtype=np.uint64), np.zeros(5, dtype=np.int64))) == 0
    assert pairs.possible(PairRows(np.arange(5, dtype=np.uint64), np.arange(5), among="within")) == 0
