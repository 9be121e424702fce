"""An object's identity follows its code and what it holds, and nothing else."""

import threading
from collections.abc import Callable

import numpy as np

from cuvee import identity


def adder(more: float) -> Callable[[float], float]:
    return lambda value: value + more


class Scaled:
    def __init__(self, by: object) -> None:
        self.by = by

    def __call__(self, value: float) -> object:
        return (self.by, value)


def test_equal_code_over_equal_values_is_one_thing() -> None:
    assert identity.of(adder(1)) == identity.of(adder(1))
    assert identity.of(Scaled(np.arange(2_000))) == identity.of(Scaled(np.arange(2_000)))


def test_another_closure_attribute_default_or_code_is_another_thing() -> None:
    changed = np.arange(2_000)
    changed[1_000] = 7  # in the middle, where its repr has dots
    things = [
        adder(1),
        adder(2),
        Scaled(np.arange(2_000)),
        Scaled(changed),
        Scaled(adder(1)),
        Scaled(adder(2)),
        lambda value, more=1: value + more,
        lambda value, more=2: value + more,
        lambda value: value - 1,
        lambda value: value * 1,
        lambda value: [part - 1 for part in value],
        lambda value: [part - 2 for part in value],
    ]
    assert len({identity.of(thing) for thing in things}) == len(things)


def test_a_global_that_a_function_reads_is_part_of_it() -> None:
    space: dict[str, object] = {"weight": 1}
    exec("def f(x):\n    return x * weight", space)
    first = identity.of(space["f"])
    space["weight"] = 2
    assert identity.of(space["f"]) != first


def test_what_cannot_be_read_is_never_taken_for_another() -> None:
    assert identity.of(Scaled(threading.Lock())) != identity.of(Scaled(threading.Lock()))


def test_what_holds_itself_ends() -> None:
    held: list[object] = [1]
    held.append(held)
    assert identity.of(Scaled(held)) == identity.of(Scaled(held))
