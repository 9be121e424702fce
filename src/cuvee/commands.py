"""Verbs as command lines: what each option means, and the command that makes a run again.

A verb is a function; its signature is the Python face, the command line and the recipe at once. An option that several
verbs share is ``Annotated`` with its words (``verbs.options``), so they stand once; ``verb`` puts them into the docstring.
"""

import inspect
import os
import re
import shlex
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import Protocol, TypeVar, cast, runtime_checkable

import orjson

from cuvee import ranges
from cuvee.errors import ConfigError

T = TypeVar("T")
Verb = TypeVar("Verb", bound=Callable[..., object])
Scalar = str | int | float | bool
Setting = object  # what an option may be: a scalar, a path, a list of these, a mapping, or None
_SETTINGS: dict[str, Mapping[str, inspect.Parameter]] = {}
_OWN = ("out", "dry_run", "replace", "engine", "workers")  # of a call, not of what it makes
_SECTION = "Parameters\n----------\n"
_OPTION = r"^(\w+):\n((?:[ \t]+.*\n?)+)"  # its name and its words in a docstring
_WIDTH = 110


def verb(name: str, *, example: str = "", page: str = "") -> Callable[[Verb], Verb]:
    """Return a decorator that makes the settings of a verb known under its name on the command line.

    The numbers among them are checked before the verb is called (``ranges``). example: a command line that works. page: where
    the documentation goes on. Both join the verb's docstring.
    """

    def keep(function: Verb) -> Verb:
        signature = inspect.signature(function)
        _SETTINGS[name] = signature.parameters
        text = _documented(inspect.getdoc(function) or "", _SETTINGS[name].values())
        more = [f"{word}: {what}\n\n" for word, what in (("Example", example), ("More", page)) if what]
        function.__doc__ = text.replace(_SECTION, "".join(more) + _SECTION, 1)

        @wraps(function)
        def checked(*given: object, **named: object) -> object:
            ranges.check(name, signature.bind(*given, **named).arguments)
            return function(*given, **named)

        return cast(Verb, checked)

    return keep


def flowing(text: str) -> str:
    """Return a docstring whose paragraphs and option texts are one line each, for a reader of any width."""
    head, section, own = text.partition(_SECTION)
    paragraphs = [" ".join(part.split()) for part in head.split("\n\n") if part.strip()]
    options = [
        f"{name}:\n    {' '.join(body.split())}\n" for name, body in re.findall(_OPTION, own + "\n", re.MULTILINE)
    ]
    return "\n\n".join([*paragraphs, f"{section}{''.join(options)}"] if options else paragraphs)


def _documented(text: str, settings: Iterable[inspect.Parameter]) -> str:
    """Return a docstring whose parameters are described in order: by itself, else by the words of their annotation."""
    head, _, own = text.partition(_SECTION)
    told = dict(re.findall(_OPTION, own + "\n", re.MULTILINE))
    parts = []
    for setting in settings:
        shared = " ".join(word for word in getattr(setting.annotation, "__metadata__", ()) if isinstance(word, str))
        body = told.get(setting.name) or textwrap.indent("\n".join(textwrap.wrap(shared, _WIDTH)), "    ")
        parts.append(f"{setting.name}:\n{body.rstrip()}")
    return f"{head.rstrip()}\n\n{_SECTION}" + "\n".join(parts) + "\n"


def defaults(name: str) -> dict[str, Setting]:
    """Return the defaults of a verb by setting, without those that have none."""
    return {
        key: setting.default
        for key, setting in _SETTINGS[name].items()
        if setting.default is not setting.empty and key not in _OWN
    }


def settings(name: str, options: object) -> dict[str, Setting]:
    """Return what was asked of a verb, option by option in its order, as the manifest keeps it; paths become text.

    options: a dataclass whose fields, or those of dataclasses in it, are named like the verb's options.
    """
    typed = dict(_flat(options))
    return {key: _plain(typed[key]) for key in _SETTINGS[name] if key not in _OWN and key in typed}


def _flat(options: object) -> Iterator[tuple[str, Setting]]:
    assert is_dataclass(options)
    for one in fields(options):
        value = getattr(options, one.name)
        if is_dataclass(value):
            yield from _flat(value)
        else:
            yield one.name, value


def _plain(value: Setting) -> Setting:
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, Path) else value


def command(name: str, typed: Mapping[str, Setting], out: Path) -> str:
    """Return the command line of a verb with these settings, quoted for a shell."""
    words = ["cuvee", *name.split()]
    for key, setting in _SETTINGS[name].items():
        if key not in _OWN and key in typed and typed[key] != setting.default:
            words += _words(key, typed[key], setting)
    return line(*words, "--out", out)


def line(*words: object) -> str:
    """Return a command line that a shell reads as these words, whatever stands in them, and that is safe to look at."""
    return " ".join(_word(str(word)) for word in words)


def _word(word: str) -> str:
    """Quote a word; one with characters that a terminal obeys, or that are no text, as $'\\x1b' (bash, zsh, ksh)."""
    if word.isprintable():
        return shlex.quote(word)
    known = {"\\": "\\\\", "'": "\\'"}
    safe = (known.get(one, one) if one.isprintable() else _bytes(one) for one in word)
    return f"$'{''.join(safe)}'"


def _bytes(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))


def _words(key: str, value: Setting, setting: inspect.Parameter) -> Iterator[str]:
    flag, parts = f"--{key.replace('_', '-').strip('-')}", value if isinstance(value, list | tuple) else [value]
    if setting.default is setting.empty and setting.kind is not setting.KEYWORD_ONLY:
        yield from map(str, parts)
    elif isinstance(value, bool):
        if value:
            yield flag
    elif isinstance(value, Mapping):
        yield from (flag, ",".join(f"{name}={part}" for name, part in value.items()))
    elif isinstance(setting.default, str):
        yield from (flag, ",".join(map(str, parts)))
    elif value is not None:
        yield from (word for part in parts for word in (flag, str(part)))


def pairs(text: str | Mapping[str, Scalar], what: str) -> dict[str, Scalar]:
    """Read "a=1,b=x" as {"a": 1, "b": "x"}; numbers and booleans become themselves. A mapping is returned as it is."""
    if not isinstance(text, str):
        return dict(text)
    found: dict[str, Scalar] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"{what} {part!r} cannot be read", f"write {what} as name=value,name=value")
        found[key.strip()] = _scalar(value.strip())
    return found


def _scalar(text: str) -> Scalar:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return value if isinstance(value, int | float | bool) else text


def listed(text: str | list[str] | tuple[str, ...]) -> list[str]:
    """Read "a,b" as ["a", "b"]."""
    return [part.strip() for part in text.split(",") if part.strip()] if isinstance(text, str) else list(text)


@runtime_checkable
class Table(Protocol):
    """What lends its rows as Arrow: a polars or pandas DataFrame, a pyarrow Table or reader."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return a capsule of an Arrow stream."""


Given = str | os.PathLike[str] | Iterable[object] | Table  # data as a Python caller may hand it in (``intake.given``)
Paths = Given | None
Amount = str | float  # rows, a share or tokens


def paths(given: Paths) -> list[str]:
    """Return one path or many as a list. Raises ConfigError for data: a verb turns that into files before it is bound."""
    if isinstance(given, str | os.PathLike):
        return [str(given)]
    if isinstance(given, list | tuple):
        return [str(path) for path in given]
    if given is not None:
        raise ConfigError(f"a {type(given).__name__} is no path", "name files, folders, globs or hub ids")
    return []


def between(value: float, name: str, low: float, high: float) -> None:
    """Raise ConfigError where a setting is not in [low, high]."""
    if not low <= value <= high:
        raise ConfigError(f"{name} is {value}", f"give a number from {low} to {high}")


@dataclass
class Mistakes:
    """Collects what is wrong with a command."""

    found: list[ConfigError] = field(default_factory=list)

    def check(self, test: Callable[[], T]) -> T:
        """Return what ``test`` returns; keep its ConfigError and return None instead.

        The None is not in the type: ``stop`` raises before anything but a further check reads it.
        """
        try:
            return test()
        except ConfigError as wrong:
            self.found.append(wrong)
            return cast(T, None)

    def stop(self) -> None:
        """Raise one ConfigError for all that was found, if anything was."""
        if len(self.found) == 1:
            raise self.found[0]
        if self.found:
            lines = [f"{wrong.message} ({wrong.hint})" if wrong.hint else wrong.message for wrong in self.found]
            raise ConfigError(f"{len(lines)} settings are wrong:\n  " + "\n  ".join(lines))
