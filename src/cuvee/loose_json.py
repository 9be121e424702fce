"""JSON as it is met: what strict parsers refuse, and the numbers that fast ones round."""

import json
import math
import re

import orjson

SURROGATE = re.compile("[\ud800-\udfff]")
LONGEST = 4000  # digits; Python itself makes no integer of more than 4,300
ROUNDED = 2.0**63  # orjson gives a float for an integer that does not fit into 64 bits
DEEPEST = 320  # levels of lists and objects: Python walks a value in two frames a level, and has a thousand


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= LONGEST else digits


# Lets through line breaks and tabs inside a string, NaN and Infinity, lone surrogates; a very long integer stays text.
DECODER = json.JSONDecoder(strict=False, parse_int=_integer)


def loads(text: bytes | str) -> object:
    """Return the value of strict JSON, integers exact. Raises orjson.JSONDecodeError where it is not; RecursionError."""
    value: object = orjson.loads(text)
    if _rounded(value):
        value = DECODER.decode(text.decode() if isinstance(text, bytes) else text)
    return value


def loosely(text: bytes) -> object:
    """Return the value of JSON as the reader takes it: what no UTF-8 can hold becomes U+FFFD.

    Raises ValueError where it is no JSON even so, RecursionError where it is nested too deep.
    """
    try:
        return loads(text)
    except orjson.JSONDecodeError:
        value: object = DECODER.decode(text.decode("utf-8", "surrogateescape").strip())
        return mended(value) if is_broken(value) else value


def dumps(value: object) -> str:
    """Return a value as compact, strict JSON text: NaN and Infinity become null, what JSON has no word for becomes text."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # an integer beyond 64 bits, a lone surrogate, a key that is no text
        return json.dumps(mended(_finite(value)), ensure_ascii=False, separators=(",", ":"), default=str)


def is_deep(value: object) -> bool:
    """Return whether lists and objects are nested deeper than ``DEEPEST``."""
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [part for one in level for part in _parts(one) if isinstance(part, dict | list)]
        if not level:
            return False
    return True


def _parts(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _rounded(value: object) -> bool:
    if isinstance(value, dict):
        return any(type(part) is not str and _rounded(part) for part in value.values())
    if isinstance(value, list):
        return any(type(part) is not str and _rounded(part) for part in value)
    return isinstance(value, float) and abs(value) >= ROUNDED


def is_broken(value: object) -> bool:
    """Return whether a lone surrogate is somewhere in a value: no UTF-8 can hold it."""
    if isinstance(value, str):
        return not value.isascii() and SURROGATE.search(value) is not None
    if isinstance(value, dict):
        return any(is_broken(part) for pair in value.items() for part in pair)
    return isinstance(value, list | tuple) and any(map(is_broken, value))


def mended(value: object) -> object:
    """Return the value with U+FFFD for every lone surrogate."""
    if isinstance(value, str):
        return SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {mended(key): mended(part) for key, part in value.items()}
    return [mended(part) for part in value] if isinstance(value, list | tuple) else value


def _finite(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    return [_finite(part) for part in value] if isinstance(value, list | tuple) else value
