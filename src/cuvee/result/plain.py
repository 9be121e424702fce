"""Text as a reader may be shown it: what is invisible or turns the reading direction becomes visible."""

import re
from collections.abc import Mapping
from typing import TypeVar, cast

Shown = TypeVar("Shown")

_UNSHOWN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def text(value: str) -> str:
    """Return the text with control characters as their pictures (NUL as U+2400), and others as ``[U+202E]``.

    Line ends become "\\n". What is left can neither hide nor reorder what a reader sees.
    """
    return _UNSHOWN.sub(_picture, value.replace("\r\n", "\n"))


def shown(value: Shown) -> Shown:
    """Return a JSON-able value with ``text`` done to every string in it, keys included; tuples become lists."""
    return cast(Shown, _shown(value))


def _shown(value: object) -> object:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return {text(str(key)): _shown(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(inner) for inner in value]
    return value


def _picture(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else f"[U+{code:04X}]"
