"""Every number option of every verb has a range, and what is out of it is a line before anything is done."""

import inspect
from collections.abc import Callable
from typing import Annotated, get_args, get_origin

import pytest

from cuvee import ranges
from cuvee.errors import ConfigError
from cuvee.verbs import VERBS


def _numbers() -> list[tuple[str, str, bool]]:
    """Return verb, option and whether it is whole, of all options that are numbers."""
    found = []
    for name, verb in VERBS.items():
        for option in inspect.signature(verb).parameters.values():
            kind = option.annotation
            kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
            if {int, float} & {kind, *get_args(kind)}:
                found.append((name, option.name, int in {kind, *get_args(kind)}))
    return found


def _call(verb: Callable[..., object], option: str, value: float) -> None:
    needed = [one.name for one in inspect.signature(verb).parameters.values() if one.default is one.empty]
    verb(**{key: ["nothing"] for key in needed}, **{option: value})


def test_there_are_many() -> None:
    assert len(_numbers()) > 90


@pytest.mark.parametrize(("name", "option", "whole"), _numbers())
def test_a_number_out_of_its_range_is_a_line(name: str, option: str, whole: bool) -> None:
    found = ranges.range_of(name, option)
    assert found, f"{option} of {name} has no range"
    low = found.low if found.above else found.low - (1 if whole else 1e-3)
    wrong = [low, -1, -(10**9), found.high * 2, 10**30] + [float("nan"), float("inf")] * (not whole)
    for value in wrong:
        with pytest.raises(ConfigError, match=rf"^{option.replace('_', '-')} is "):
            _call(VERBS[name], option, value)


def test_defaults_are_in_their_range() -> None:
    for name, option, _ in _numbers():
        default = inspect.signature(VERBS[name]).parameters[option].default
        found = ranges.range_of(name, option)
        assert default is None or (found and found.holds(default)), f"{name} {option}"


def test_all_of_them_are_told_at_once() -> None:
    with pytest.raises(ConfigError, match=r"(?s)2 settings are wrong.*lr is -1.*seed is -1"):
        VERBS["train"](["nothing"], lr=-1, seed=-1)


def test_no_range_stands_for_nothing() -> None:
    known = {option for _, option, _ in _numbers()} | {f"{name} {option}" for name, option, _ in _numbers()}
    assert set(ranges.RANGES) <= known
