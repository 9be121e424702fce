"""Settings of a method: what its signature says they are, and whether what was given is that."""

import inspect
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import get_args, get_origin

from cuvee.errors import ConfigError

KINDS: dict[object, str] = {
    int: "a whole number",
    float: "a number",
    str: "a word",
    bool: "true or false",
    NoneType: "None",
}


def check(method: str, function: Callable[..., object], given: Mapping[str, object]) -> None:
    """Raise ConfigError for the first setting that is not of a kind that the function's signature names.

    A whole number is a number too. Settings whose annotation names other kinds, or nothing, are not looked at.
    """
    parameters = inspect.signature(function).parameters
    for name, value in given.items():
        annotation = parameters[name].annotation if name in parameters else None
        kinds = get_args(annotation) if get_origin(annotation) is UnionType else (annotation,)
        if set(kinds) <= set(KINDS) and not any(_is(value, kind) for kind in kinds):
            wanted = " or ".join(KINDS[kind] for kind in kinds)
            raise ConfigError(f"{name} of {method} is {value!r}", f"give {wanted}")


def _is(value: object, kind: object) -> bool:
    if kind in (int, float):
        of = Integral if kind is int else Real
        return isinstance(value, of) and not isinstance(value, bool)
    return type(value) is kind
