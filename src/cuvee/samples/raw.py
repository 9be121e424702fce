"""A row as it lies in its file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

import orjson

from cuvee.errors import InputError

Row = Mapping[str, object]  # a JSON object of any shape
Value = dict[str, object] | list[object]  # a whole row as it was parsed: an object, or a bare list of turns
ROW_BYTES = 16 << 20  # of a row that is read, where nothing else is said; the longest of the real pool has 19 KB
IDS = ("id", "uuid", "uid", "_id", "prompt_id", "conversation_id", "question_id", "task_id", "idx", "message_tree_id")
KEPT = 1_000  # bytes that are kept of a row that is too long
DEEP = "nested too deep"


@dataclass(frozen=True, slots=True)
class Raw:
    """One row of a file, before anybody has asked what it means.

    line: 1-based: the line of a JSON Lines file, the element of a JSON array, the row of a table. raw: its exact bytes;
    of a table row, compact JSON. value: the row, or None where it cannot be read; then ``error`` says why. note: what was
    changed so that it could be read ("" where nothing was).
    """

    line: int
    raw: bytes
    value: Value | None
    error: str | None = None
    note: str = ""


class Identity(TypedDict):
    """How a manifest tells a file from another: its size and a hash of its content."""

    bytes: int
    sha256: str


def too_long(line: int, start: bytes, most: int) -> Raw:
    """Return the row that stands for one of more than ``most`` bytes, of which only the start is kept."""
    return Raw(line, start[:KEPT], None, f"it is longer than {most / (1 << 20):.4g} MB, the most that a row may have")


def refuse_utf16(start: bytes, name: str) -> None:
    """Raise InputError for a file that begins as UTF-16 does."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{name} is UTF-16", "save it as UTF-8: iconv -f utf-16 -t utf-8")


def compact(row: object) -> bytes:
    """Return a row of a table as compact JSON: times as ISO 8601, decimals as text, bytes as UTF-8 text or base64."""
    return orjson.dumps(row, default=_plain)


def _plain(value: object) -> object:
    import base64
    import datetime
    import decimal

    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return base64.b64encode(value).decode()
    if isinstance(value, decimal.Decimal | datetime.timedelta | int):
        return str(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, datetime.date | datetime.time):  # pandas' own, whose nanoseconds Python has no word for
        return value.isoformat()
    raise TypeError(f"a cell of type {type(value).__name__} cannot be written as JSON")
