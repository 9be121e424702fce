"""Quotas: read, kept to the row, told as drawn; checked against every allowed share on small pools."""

from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from cuvee.arrays import I64
from cuvee.errors import ConfigError
from cuvee.samples.pool import Pool, Selection
from cuvee.selection.mixture import Way, mixed
from cuvee.selection.quota import parse, parts, rounded, targets

SOURCES = ["gsm8k_train"] * 50 + ["t0_50k"] * 30 + ["dolly_3k"] * 20


def pool_of(sources: list[str], taken: tuple[int, ...] = ()) -> Pool:
    n = len(sources)
    prints = pa.array([at.to_bytes(16, "little") for at in range(n)], pa.binary(16))
    table = pa.table(
        {"source": sources, "task": ["even" if at % 2 == 0 else None for at in range(n)], "fingerprint": prints}
    )
    vectors = np.eye(n, 3, dtype=np.float32)
    return Pool(table, vectors, {}, np.array(taken, dtype=np.int64))


def first(pool: Pool, tokens: I64, amount: int) -> Selection:
    """Return the first free rows, by number or by tokens."""
    rows = pool.free[:amount] if tokens is ONES else pool.free[np.cumsum(tokens[pool.free]) <= amount]
    return Selection(rows, np.zeros(len(rows), dtype=np.float32), ["first"])


ONES: Any = np.ones(100, dtype=np.int64)


def counts(quota: str, total: int, sources: list[str] | None = None, taken: tuple[int, ...] = ()) -> dict[str, int]:
    pool = pool_of(sources or SOURCES, taken)
    quotas = parse(quota)
    way = Way(lambda part, _, amount: first(part, ONES, amount), total, by_tokens=False)
    found = mixed(pool, ONES, quotas, parts(pool.table, quotas), way)
    assert len(set(found.rows.tolist())) == len(found.rows) and not set(found.rows.tolist()) & set(taken)
    labels = [pool.table["source"][int(row)].as_py() for row in found.rows]
    return {name: labels.count(name) for name in dict.fromkeys(sources or SOURCES)}


def test_what_the_method_takes_is_left_where_it_keeps_the_quotas() -> None:
    assert counts("gsm8k>=50%,t0<=20%", 40) == {"gsm8k_train": 40, "t0_50k": 0, "dolly_3k": 0}


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        ("gsm8k=30%", (12, 28, 0)),  # of 40; the method takes gsm8k only, the others by their order
        ("gsm8k=30%,t0<=20%", (12, 8, 20)),
        ("gsm8k<=10,t0=10", (10, 10, 20)),
        ("t0>=25%", (30, 10, 0)),
        ("dolly>=5", (35, 0, 5)),
        ("t0=50%,dolly=50%", (0, 20, 20)),
        ("gsm8k_train=50%,source:dolly*=50%", (20, 0, 20)),
    ],
)
def test_quotas_are_kept_to_the_row(quota: str, expected: tuple[int, ...]) -> None:
    assert tuple(counts(quota, 40).values()) == expected


def test_a_part_that_is_too_small_is_filled_by_others_and_a_bound_is_never_broken() -> None:
    assert counts("dolly=50%", 60) == {"gsm8k_train": 40, "t0_50k": 0, "dolly_3k": 20}
    few = ["a"] * 50 + ["b"] * 4
    assert counts("a<=20%", 20, few) == {"a": 1, "b": 4}  # 20% of five
    assert counts("t0=20", 30, taken=tuple(range(50, 65))) == {"gsm8k_train": 15, "t0_50k": 15, "dolly_3k": 0}


def test_a_weight_multiplies_what_the_method_takes() -> None:
    goal, total = targets(parse("b=x3"), np.array([10.0 * 3, 30.0]), np.array([100.0, 100.0]), 40)
    assert total == 40 and goal == pytest.approx([20, 20])


def test_targets_are_the_nearest_allowed_to_what_the_method_takes() -> None:
    """Of all counts that the quotas allow, those that give the most to what the method likes best."""
    quotas = parse("a<=30%,b>=40%,c=2")
    natural, there, total = np.array([6.0, 1.0, 1.0, 2.0]), np.array([9.0, 9.0, 9.0, 9.0]), 10
    goal, _ = targets(quotas, natural, there, total)
    found = rounded(goal, there, total)
    every = [np.array(one) for one in product(range(10), repeat=4) if sum(one) == total]
    allowed = [one for one in every if one[0] <= 3 and one[1] >= 4 and one[2] == 2]
    assert any((found == one).all() for one in allowed) and found.tolist() == [3, 4, 2, 1]
    assert max(one[0] for one in allowed) == found[0] and min(one[1] for one in allowed) == found[1]


def test_every_prefix_is_shared_out_as_the_whole() -> None:
    pool, quotas = pool_of(SOURCES), parse("gsm8k=50%,t0=50%")
    way = Way(lambda part, _, amount: first(part, ONES, amount), 40, by_tokens=False)
    found = mixed(pool, ONES, quotas, parts(pool.table, quotas), way)
    for k in range(2, 41):
        assert abs(int((found.rows[:k] < 50).sum()) - k / 2) <= 1
    assert found.reason(0) == "first; quota gsm8k=50%"


def test_shares_of_a_budget_in_tokens_are_of_tokens() -> None:
    pool, quotas = pool_of(SOURCES), parse("dolly=50%")
    tokens = np.array([10] * 50 + [10] * 30 + [40] * 20, dtype=np.int64)
    found = mixed(pool, tokens, quotas, parts(pool.table, quotas), Way(first, 400, by_tokens=True))
    assert tokens[found.rows[found.rows >= 80]].sum() == 200 and tokens[found.rows].sum() == 400
    with pytest.raises(ConfigError, match="a quota in rows beside a budget in tokens"):
        mixed(pool, tokens, parse("dolly=5"), parts(pool.table, parse("dolly=5")), Way(first, 400, by_tokens=True))


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("gsm8k", "cannot be read"),
        ("gsm8k=30%%", "cannot be read"),
        ("gsm8k=x20%", "cannot be read"),
        ("gsm8k<=x2", "cannot be read"),
        ("gsm8k=130%", "out of range"),
        ("a=60%,b>=60%", "ask for 120%"),
        ("a=1,a=2", "named twice"),
    ],
)
def test_mistakes_are_one_line(typed: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as wrong:
        parse(typed)
    assert wrong.value.hint and "\n" not in wrong.value.message


def test_names_that_no_row_has_or_two_have() -> None:
    table = pool_of(SOURCES).table
    with pytest.raises(ConfigError, match="no row has the source or task 'gsm'") as wrong:
        parts(table, parse("gsm=1"))
    assert "did you mean 'gsm8k_train'" in (wrong.value.hint or "")
    with pytest.raises(ConfigError, match="are about the same rows"):
        parts(table, parse("gsm8k=1,even=2"))
    assert parts(table, parse("task:even=2")).labels == [["task even"]]
    assert parse({"a": "<=20%", "b": 5}) == parse("a<=20%,b=5") == parse(",".join(map(str, parse("a<=20%,b=5"))))
