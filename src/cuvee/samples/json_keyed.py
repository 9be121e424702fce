"""One object of rows by id: ``{"a1": {"question": ...}, "a2": {...}}``, told from a single row by what stands in it."""

import json
import re

from cuvee.loose_json import DECODER
from cuvee.samples.json_window import Window

_STRING = r'"(?:[^"\\]++|\\.)*+"'
OPEN = re.compile(rf"\s*+\{{(?=\s*+{_STRING}\s*+:\s*+[{{\[])")
KEY = re.compile(rf"[\s,]*+({_STRING})\s*+:\s*+(?=[{{\[])")
# What a row itself may hold as objects or lists: no ids.
COLUMNS = frozenset(
    (
        *(
            "messages",
            "conversations",
            "conversation",
            "turns",
            "segments",
            "history",
            "replies",
            "contents",
            "instances",
        ),
        *("prompt", "completion", "request", "response", "body", "result", "input", "output", "question", "answer"),
        *("chosen", "rejected", "preferred_output", "non_preferred_output", "systemInstruction", "system_instruction"),
        *("tools", "meta", "metadata"),
    )
)
SPOKEN = ({"role", "from", "speaker", "author"}, {"content", "value", "text", "parts"})


def is_keyed(window: Window) -> bool:
    """Return whether an object that begins here holds rows by id; where it does, step over its bracket.

    It does where its first two values are objects with keys in common, or two lists of turns, and their keys name no column.
    """
    opened = OPEN.match(window.text, window.at)
    if not opened:
        return False
    start = opened.end() - window.at  # counted from ``at``, which moves as more is read
    found: list[tuple[str, object]] = []
    at = start
    while len(found) < 2:
        entry = _entry(window, at) or (_begun(window, at, found[0][1]) if found else None)
        if entry is None:
            return False
        key, value, at = entry
        found.append((key, value))
    if not _by_id(found):
        return False
    window.at += start
    return True


def _begun(window: Window, start: int, first: object) -> tuple[str, object, int] | None:
    """Return the key of a value that is broken but begins as the first one does, and that one in its place."""
    key = KEY.match(window.text, window.at + start)
    if not key or not isinstance(first, dict) or not first:
        return None
    begins = re.compile(rf"\{{\s*+{re.escape(json.dumps(next(iter(first))))}\s*+:")
    return (key[1], first, start) if begins.match(window.text, key.end()) else None


def holds_rows(value: object) -> bool:
    """Return whether a value is an object of rows by id, as ``is_keyed`` tells it."""
    return isinstance(value, dict) and len(value) > 1 and _by_id(list(value.items())[:2])


def _by_id(entries: list[tuple[str, object]]) -> bool:
    (first_key, first), (second_key, second) = entries
    return not {first_key, second_key} & COLUMNS and _alike(first, second)


def _entry(window: Window, start: int) -> tuple[str, object, int] | None:
    """Return the key and the value that stand at ``start`` characters ahead, and where they end; None where there are none."""
    while True:
        key = KEY.match(window.text, window.at + start)
        try:
            if key:
                value, end = DECODER.raw_decode(window.text, key.end())
                return json.loads(key[1], strict=False), value, end - window.at
        except (json.JSONDecodeError, RecursionError):
            pass
        if not window.more():
            return None


def _alike(one: object, other: object) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        shared = one.keys() & other.keys()
        counted = all(str(key).isdigit() for key in one)  # a column of a table, its cells by number
        return 2 * len(shared) >= max(len(one), len(other)) > 0 and not counted and not _is_turn(one)
    lists = isinstance(one, list) and isinstance(other, list) and one and other
    return bool(lists) and all(_is_turn(turn) for part in (one, other) if isinstance(part, list) for turn in part)


def _is_turn(value: object) -> bool:
    return isinstance(value, dict) and all(keys & value.keys() for keys in SPOKEN)
