"""The only lookup of things by name; registries are plain dicts. And what may be named by whoever wrote the name."""

import difflib
import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar, cast

from cuvee.errors import ConfigError

T = TypeVar("T")
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


def find(table: Mapping[str, T], name: str, kind: str) -> T:
    """Return ``table[name]``, or the object that ``"package.module:attribute"`` names.

    Raises ConfigError that names the nearest neighbour, or all known names where none is near.
    """
    if name in table:
        return table[name]
    if ":" in name:
        return cast(T, _import(name, kind))  # what a user names is taken at its word
    near = difflib.get_close_matches(name, table, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(table))}"
    raise ConfigError(f"unknown {kind} {name!r}", hint)


def _import(path: str, kind: str) -> object:
    may_run(path)
    module, _, attribute = path.partition(":")
    try:
        found: object = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as wrong:
        raise ConfigError(
            f"{kind} {path!r} cannot be imported: {wrong}", "write it as package.module:attribute"
        ) from wrong
    return found
