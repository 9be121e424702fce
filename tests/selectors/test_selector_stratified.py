"""Stratified: quotas worked by hand and by an independent loop."""

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from cuvee.errors import ConfigError, SelectionError
from cuvee.samples.pool import BarePool, Pool
from cuvee.selectors.stratified import stratified

SIZES = {"large": 60, "middle": 30, "small": 10}
TASKS = [name for name, size in SIZES.items() for _ in range(size)]


def told(pool: Pool, rows: np.ndarray) -> list[str]:
    return ["(none)" if t is None else t for t in pool.table["task"].take(rows).to_pylist()]


def by_hand(pool: Pool, k: int, temperature: float, cap: int | float | None) -> list[str]:
    """Give one seat after another, as a clerk would."""
    labels = told(pool, np.arange(len(pool)))
    sizes = Counter(labels)
    seats = Counter(told(pool, pool.taken))
    left = Counter(told(pool, pool.free))
    names = sorted(sizes, key=lambda name: (-sizes[name], name))
    sequence = []
    for _ in range(k):
        house = sum(seats.values()) + 1
        most = math.inf if cap is None else cap if isinstance(cap, int) else math.ceil(round(cap * house, 9))
        open_ = [name for name in names if left[name]]
        fitting = [name for name in open_ if seats[name] < most] or open_
        best = max(fitting, key=lambda name: sizes[name] ** (1 / temperature) / (2 * seats[name] + 1))
        sequence.append(best)
        seats[best] += 1
        left[best] -= 1
    return sequence


@pytest.mark.parametrize("cap", [None, 0.25, 0.5, 1.0, 3, 12, 40])
@pytest.mark.parametrize("temperature", [0.7, 1.0, 2.0, 100.0])
@pytest.mark.parametrize("taken", [(), (0, 1, 2, 3, 4, 99, 65)])
def test_seats_against_a_loop(
    make_pool: Callable[..., Pool],
    rng: np.random.Generator,
    cap: float | None,
    temperature: float,
    taken: tuple[int, ...],
) -> None:
    pool = make_pool(100, tasks=TASKS, taken=taken)
    k = len(pool.free)
    chosen = stratified(pool, k, rng=rng, temperature=temperature, cap=cap)
    assert told(pool, chosen.rows) == by_hand(pool, k, temperature, cap)


def test_proportional_and_equal(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    pool = make_pool(100, tasks=TASKS)
    assert Counter(told(pool, stratified(pool, 10, rng=rng).rows)) == {"large": 6, "middle": 3, "small": 1}
    equal = stratified(pool, 12, rng=rng, temperature=1e9)
    assert Counter(told(pool, equal.rows)) == {"large": 4, "middle": 4, "small": 4}


def test_strata_that_run_out_leave_their_seats(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    pool = make_pool(100, tasks=TASKS)
    counts = Counter(told(pool, stratified(pool, 70, rng=rng, temperature=1e9).rows))
    assert counts == {"large": 30, "middle": 30, "small": 10}


def test_a_cap_is_broken_only_in_need_and_says_so(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    pool = make_pool(100, tasks=TASKS)
    kept = stratified(pool, 60, rng=rng, cap=25)
    assert Counter(told(pool, kept.rows)) == {"large": 25, "middle": 25, "small": 10}
    assert not any("over the cap" in reason for reason in kept.reasons)
    broken = stratified(pool, 61, rng=rng, cap=25)
    assert broken.reason(60) == "task large, over the cap: no other had rows left"


def test_a_share_holds_for_every_prefix(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    pool = make_pool(100, tasks=[f"t{min(i // 10, 4)}" for i in range(100)])
    chosen = told(pool, stratified(pool, 40, rng=rng, cap=0.25).rows)
    for k in range(1, 41):
        assert max(Counter(chosen[:k]).values()) <= math.ceil(0.25 * k)


def test_inside_a_stratum_the_best_come_first(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    values = rng.random(100).astype(np.float32)
    values[::9] = np.nan
    pool = make_pool(100, tasks=TASKS, mine=values)
    chosen = stratified(pool, 100, rng=rng, score="mine")
    for name in SIZES:
        rows = [row for row in chosen.rows.tolist() if TASKS[row] == name]
        scored = [row for row in rows if not np.isnan(values[row])]
        assert rows[: len(scored)] == sorted(scored, key=lambda row: -values[row])
    np.testing.assert_array_equal(chosen.gains, values[chosen.rows])


def test_inside_a_stratum_chance_decides(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    pool = make_pool(20, tasks=["a"] * 10 + ["b"] * 10)
    counts = np.zeros(20)
    for _ in range(2000):
        counts[stratified(pool, 4, rng=rng).rows] += 1
    assert (abs(counts - 400) < 5 * math.sqrt(400 * 0.8)).all()


def test_rows_without_a_task_are_a_stratum(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    pool = make_pool(10, tasks=["a"] * 5 + [None] * 5)
    chosen = stratified(pool, 4, rng=rng)
    assert Counter(told(pool, chosen.rows)) == {"a": 2, "(none)": 2}
    assert "task (none)" in chosen.reasons


@pytest.mark.parametrize("settings", [{"by": "license"}, {"temperature": 0.0}, {"cap": 0}, {"cap": 1.5}, {"cap": 0.0}])
def test_settings_out_of_range(
    make_pool: Callable[..., Pool], rng: np.random.Generator, settings: dict[str, object]
) -> None:
    with pytest.raises(ConfigError):
        stratified(make_pool(5), 2, rng=rng, **settings)  # type: ignore[arg-type]


def test_a_column_that_is_not_there(make_pool: Callable[..., Pool], rng: np.random.Generator) -> None:
    with pytest.raises(SelectionError, match="no column 'task'"):
        stratified(BarePool(make_pool(5).table.drop_columns(["task"])), 2, rng=rng)
