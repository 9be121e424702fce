"""Verbs as command lines: a run names the command that makes it again, with every setting that is not the verb's default."""

import inspect
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import orjson

from cuvee.errors import ConfigError

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


def pairs(text: str | Mapping[str, Any], what: str) -> dict[str, Any]:
    """Read "a=1,b=x" as {"a": 1, "b": "x"}; numbers and booleans become themselves. A mapping is returned as it is."""
    if not isinstance(text, str):
        return dict(text)
    found: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"{what} {part!r} cannot be read", f"write {what} as name=value,name=value")
        found[key.strip()] = _scalar(value.strip())
    return found


def _scalar(text: str) -> Any:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return value if isinstance(value, int | float | bool) else text


def listed(text: str | list[str] | tuple[str, ...]) -> list[str]:
    """Read "a,b" as ["a", "b"]."""
    return [part.strip() for part in text.split(",") if part.strip()] if isinstance(text, str) else list(text)


def paths(given: Any) -> list[str]:
    """Return one path or many as a list: a Python caller may give a single one."""
    return [str(given)] if isinstance(given, str | Path) else [str(path) for path in given or []]


@dataclass
class Mistakes:
    """Collects what is wrong with a command."""

    found: list[ConfigError] = field(default_factory=list)

    def check(self, test: Callable[[], Any]) -> Any:
        """Return what ``test`` returns; keep its ConfigError and return None instead."""
        try:
            return test()
        except ConfigError as wrong:
            self.found.append(wrong)
            return None

    def stop(self) -> None:
        """Raise one ConfigError for all that was found, if anything was."""
        if len(self.found) == 1:
            raise self.found[0]
        if self.found:
            lines = [f"{wrong.message} ({wrong.hint})" if wrong.hint else wrong.message for wrong in self.found]
            raise ConfigError(f"{len(lines)} settings are wrong:\n  " + "\n  ".join(lines))


def _between(value: float, name: str, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ConfigError(f"{name} is {value}", f"give a number from {low} to {high}")
