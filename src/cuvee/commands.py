"""Verbs as command lines: a run names the command that makes it again, with every setting that is not the verb's default."""

import inspect
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

Verb = TypeVar("Verb", bound=Callable[..., Any])
_SETTINGS: dict[str, Mapping[str, inspect.Parameter]] = {}
_OWN = ("out", "dry_run")  # of a call, not of what it makes


def verb(name: str) -> Callable[[Verb], Verb]:
    """Return a decorator that makes the settings of a verb known under its name on the command line."""

    def keep(function: Verb) -> Verb:
        _SETTINGS[name] = inspect.signature(function).parameters
        return function

    return keep


def defaults(name: str) -> dict[str, Any]:
    """Return the defaults of a verb by setting, without those that have none."""
    return {
        key: setting.default
        for key, setting in _SETTINGS[name].items()
        if setting.default is not setting.empty and key not in _OWN
    }


def command(name: str, typed: Mapping[str, Any], out: Path) -> str:
    """Return the command line of a verb with these settings, quoted for a shell."""
    words = ["cuvee", *name.split()]
    for key, setting in _SETTINGS[name].items():
        if key not in _OWN and key in typed and typed[key] != setting.default:
            words += _words(key, typed[key], setting)
    return shlex.join([*words, "--out", str(out)])


def _words(key: str, value: Any, setting: inspect.Parameter) -> Iterator[str]:
    flag, parts = f"--{key.replace('_', '-')}", value if isinstance(value, list | tuple) else [value]
    if setting.default is setting.empty and setting.kind is not setting.KEYWORD_ONLY:
        yield from map(str, parts)
    elif isinstance(value, bool):
        yield from [flag] * value
    elif isinstance(value, Mapping):
        yield from (flag, ",".join(f"{name}={part}" for name, part in value.items()))
    elif isinstance(setting.default, str):
        yield from (flag, ",".join(map(str, parts)))
    elif value is not None:
        yield from (word for part in parts for word in (flag, str(part)))
