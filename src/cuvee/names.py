"""The only lookup of things by name; registries are plain dicts."""

import difflib
import importlib
from collections.abc import Mapping
from typing import TypeVar, cast

from cuvee.errors import ConfigError

T = TypeVar("T")

METHOD = "facility-location"
"""How rows are chosen where no method is named: the one place. It is nearer to the pool than random rows by the measures that
decide (``publication.picture.PICTURE``), and quick enough for a million rows (docs/benchmarks.md)."""


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
    module, _, attribute = path.partition(":")
    try:
        found: object = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as wrong:
        raise ConfigError(
            f"{kind} {path!r} cannot be imported: {wrong}", "write it as package.module:attribute"
        ) from wrong
    return found
