"""A verb from Python: its arguments may be data, numbers, runs and code, where the command line has paths and words."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar, get_args, get_origin

from cuvee import budget, commands

P = ParamSpec("P")
R = TypeVar("R")
_WORDS = (str, int, float, type(None))


def verb(name: str, *, example: str = "", page: str = "") -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that makes a function the verb of this name, and takes what a Python caller would give it.

    example, page: as ``commands.verb`` takes them.
    """

    def keep(function: Callable[P, R]) -> Callable[P, R]:
        return commands.verb(name, example=example, page=page)(taken(function))

    return keep


def taken(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function that is called with paths and words, whatever a Python caller gave (``intake.given``)."""
    parameters = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        bound = parameters.bind(*args, **kwargs)
        for key, value in bound.arguments.items():
            bound.arguments[key] = _plain(parameters.parameters[key], value)
        engine, workers = bound.arguments.get("engine", "local"), bound.arguments.get("workers")
        if (engine, workers) == ("local", None):
            return function(*bound.args, **bound.kwargs)
        from cuvee import engines

        with engines.used(engine, workers):
            return function(*bound.args, **bound.kwargs)

    return call


def _plain(option: inspect.Parameter, value: object) -> object:
    if option.name in budget.AMOUNTS and isinstance(value, int | float):
        return budget.written(value)
    if isinstance(value, Path):
        return str(value) if _is_text(option.annotation) else value
    words = value if isinstance(value, list | tuple) else [value]
    if all(isinstance(word, _WORDS) for word in words):  # a command line's: no library is loaded to look at it
        return value
    from cuvee.intake.given import plain

    return plain(value)


def _is_text(annotation: object) -> bool:
    kind = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    return kind in (str, str | None)
