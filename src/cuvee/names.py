"""The only lookup of things by name; registries are plain dicts, and a guest is named by where it stands.

And what may be named by whoever wrote the name: a recipe's author is not its user.
"""

import difflib
import importlib
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

import xxhash

from cuvee import identity
from cuvee.errors import ConfigError

T = TypeVar("T")
OBJECT = "python:"  # begins the name of an object that a Python caller gave instead of a name
_GIVEN: dict[str, object] = {}
_MET: dict[str, str] = {}  # guests that were found -> a hash of their code
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*_API_KEY")  # environment variables that may always be named as a server's key


@dataclass(frozen=True)
class Granted:
    """What names may lead to. code: whether a name may be imported. keys: environment variables beyond ``KEY``."""

    code: bool
    keys: tuple[str, ...]


_GRANTED: ContextVar[Granted | None] = ContextVar("granted", default=None)  # None: whoever calls from Python has it all


@contextmanager
def granting(*, code: bool, keys: Sequence[str]) -> Iterator[None]:
    """Let names lead to no more than this while the block runs: they were written by somebody else."""
    token = _GRANTED.set(Granted(code, tuple(keys)))
    try:
        yield
    finally:
        _GRANTED.reset(token)


def may_run(what: str) -> None:
    """Raise ConfigError where a name must not lead to code."""
    granted = _GRANTED.get()
    if granted is not None and not granted.code:
        raise ConfigError(f"the recipe names code: {what}", "read that code, then run the recipe with --allow-code")


def may_read(variable: str) -> None:
    """Raise ConfigError where an environment variable must not be sent to a server as its key."""
    granted = _GRANTED.get()
    if granted is not None and not KEY.fullmatch(variable) and variable not in granted.keys:
        raise ConfigError(
            f"key names {variable!r}, and only variables called *_API_KEY are read",
            f"if it is the server's key, add --allow-key {variable} on the command line",
        )


METHOD = "facility-location"
"""How rows are chosen where no method is named: the one place. It is nearer to the pool than random rows by the measures that
decide (``publication.picture.PICTURE``), and quick enough for a million rows (docs/benchmarks.md)."""


def find(table: Mapping[str, T], name: str, kind: str) -> T:
    """Return ``table[name]``, or the object that ``"package.module:attribute"`` names, or what ``called`` was given.

    Raises ConfigError that names the nearest neighbour, or all known names where none is near.
    """
    if name in table:
        return table[name]
    if ":" in name:
        return cast(T, _guest(name, kind))  # what a user names is taken at its word
    near = difflib.get_close_matches(name, table, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(table))}"
    raise ConfigError(f"unknown {kind} {name!r}", hint)


def called(thing: object) -> str:
    """Return a name by which ``find`` gives back this object: where it can be imported from, else one of its content.

    The latter is found in this process only. Equal code over equal values has equal names.
    """
    module, path = getattr(thing, "__module__", None), getattr(thing, "__qualname__", "")
    if module not in (None, "__main__") and getattr(sys.modules.get(module), path, None) is thing:
        return f"{module}:{path}"
    label = "".join(letter for letter in path or type(thing).__name__ if letter.isalnum() or letter == "_")
    name = f"{OBJECT}{label}-{identity.of(thing)}"
    _GIVEN[name] = thing
    return name


def code_of(name: str) -> str:
    """Return a hash of the code of a guest that ``find`` has found."""
    return _MET[name]


def guests_in(text: str) -> dict[str, str]:
    """Return the guests that were found in this process and are named in a text, with a hash of their code.

    The code of one from a module is that module's file, without what it imports.
    """
    return {name: code for name, code in sorted(_MET.items()) if name in text}


def _guest(name: str, kind: str) -> object:
    if name.startswith(OBJECT):
        if name not in _GIVEN:
            raise ConfigError(
                f"{kind} {name!r} was an object of another Python process", "call the verb from Python with it again"
            )
        found, _MET[name] = _GIVEN[name], name
        return found
    found, _MET[name] = _imported(name, kind)
    return found


def _imported(path: str, kind: str) -> tuple[object, str]:
    may_run(path)
    module, _, attribute = path.partition(":")
    try:
        holder = importlib.import_module(module)
        found: object = getattr(holder, attribute)
    except (ImportError, AttributeError) as wrong:
        raise ConfigError(
            f"{kind} {path!r} cannot be imported: {wrong}", "write it as package.module:attribute"
        ) from wrong
    file = getattr(holder, "__file__", None)
    return found, xxhash.xxh3_64_hexdigest(Path(file).read_bytes()) if file else ""
