"""Plain data there and back: equal, of the same types, and the same objects where they were sent from here."""

import json
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuvee.evaluation.cage.wire import NotPlainError, NotReadableError, Packer, Unpacker

HASHABLE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary() | st.fractions(),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
    max_leaves=6,
)
PLAIN = st.recursive(
    HASHABLE,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(HASHABLE, inner, max_size=4) | st.sets(HASHABLE, max_size=4)
    ),
    max_leaves=12,
)


def there(value: object, *, exact: bool = True) -> Any:
    return Unpacker(Packer(exact=exact).pack(value)).values[0]


def types(value: Any) -> object:
    if isinstance(value, dict):
        return type(value), [(types(key), types(item)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [types(item) for item in value]
    return type(value)


@settings(max_examples=50)
@given(PLAIN)
def test_what_goes_through_is_equal_and_of_the_same_types(value: object) -> None:
    assert there(value) == value
    assert types(there(value)) == types(value)


@pytest.mark.parametrize(
    "value",
    [
        10**4000,
        -(10**30),
        1j,
        bytearray(b"x"),
        range(2, 9, 3),
        deque([1, 2]),
        Counter("aab"),
        OrderedDict(b=1, a=2),
        "\ud800",
        Decimal("1.50"),
        Fraction(1, 3),
        date(2024, 2, 29),
        datetime(2024, 2, 29, 1, 2, 3, 4),
        time(1, 2),
        float("inf"),
        -0.0,
    ],
    ids=lambda value: type(value).__name__,
)
def test_further_types(value: object) -> None:
    assert there(value) == value and type(there(value)) is type(value) and str(there(value)) == str(value)


def test_a_subclass_goes_as_what_it_holds_or_not_at_all() -> None:
    point = namedtuple("point", "x y")
    for value, plain in ((point(1, 2), (1, 2)), (defaultdict(int, a=1), {"a": 1}), (type("S", (str,), {})("x"), "x")):
        assert there(value, exact=False) == plain and type(there(value, exact=False)) is type(plain)
        with pytest.raises(NotPlainError):
            there(value)
    for value in (object(), len, type, there, iter([1]), deque([1], 3), json):
        with pytest.raises(NotPlainError):
            there(value)
    assert list(there((x for x in [1, [2]]), exact=False)) == [1, [2]]


def test_a_number_too_long_to_be_written_goes_through() -> None:
    assert there(7**9_000) == 7**9_000


def test_depth_and_cycles_survive() -> None:
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    found, depth = there(deep), 0
    while found:
        found, depth = found[0], depth + 1
    assert depth == 5_000
    ring: list[object] = [1]
    ring.append((ring,))
    again = there(ring)
    assert again[1][0] is again


def test_what_was_sent_comes_back_as_itself_and_changed() -> None:
    inner: Any = [3, 1]
    sent: dict[str, Any] = {"a": 1}
    packer = Packer(exact=True)
    asked = Unpacker(packer.pack([inner, inner, sent]))
    theirs = asked.values[0]
    assert isinstance(theirs, list) and theirs[0] is theirs[1]
    theirs[0].sort()
    theirs[2]["b"] = theirs[0]
    answer = Unpacker(Packer(asked.objects, exact=False).pack(theirs[1]), packer.objects)
    assert answer.values[0] is inner and inner == [1, 3] and sent == {"a": 1, "b": inner} and sent["b"] is inner


@pytest.mark.parametrize(
    "message",
    [
        "",
        "[",
        "[]",
        "[[]]",
        "1",
        "null",
        "[[[0]], []]",
        "[[[0]], [[]]]",
        '[[[0]], [["object", 1]]]',
        '[[[0]], [["tuple", [[0]]]]]',
        '[[[-1]], [["list", []]]]',
        '[[[true]], [["list", []]]]',
        '[[[0]], [["list", 5]]]',
        '[[[0]], [["int", "x"]]]',
        '[[[0]], [["int", 1]]]',
        '[[[0]], [["dict", [1]]]]',
        '[[[0]], [["set", [[1]]], ["list", []]]]',
        '[[[0]], [["Decimal", "x"]]]',
        '[[[0]], [["range", [1, 2, 0]]]]',
        '[[{"a": 1}], []]',
        "[" * 100_000,
        "[[" + "9" * 10_000 + "], []]",
        '[[[0]], [[["list"], []]]]',
        '[[[0]], {"0": ["list", []]}]',
    ],
)
def test_what_is_no_message_is_refused(message: str) -> None:
    with pytest.raises(NotReadableError):
        Unpacker(message.encode())


NEARLY = st.recursive(st.integers(-2, 3) | st.sampled_from(["list", "tuple", "int", "dict", "set"]), st.lists)


@given(st.binary(max_size=60) | NEARLY.map(lambda one: json.dumps(one).encode()))
def test_no_message_does_anything_else_than_be_read_or_refused(message: bytes) -> None:
    with suppress(NotReadableError):
        Unpacker(message)
