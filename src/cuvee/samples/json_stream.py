"""JSON values one after another from a stream of text: the elements of an array, or objects end to end."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cuvee.loose_json import DECODER, DEEPEST
from cuvee.samples import json_keyed
from cuvee.samples.json_window import Window
from cuvee.samples.raw import DEEP, KEPT, ROW_BYTES

TOO_LONG = "too long"
OVERLAP = 200  # characters that are looked at again when more has been read: a place to go on may have been cut in two
TRIALS = 2  # times the longest row that may be read in vain to find such a place
COLUMNS = 4  # times the longest row: what an object of columns, which is a whole file, may have
SLACK = 16  # an error this close to the end of what is there may only mean that the rest is missing

# One object around a list of rows, as in {"canary": "...", "examples": [{...}, ...]}; small cells may come before it.
# Every repetition is possessive: what it took it does not give back, so each pattern takes linear time.
_STRING = r'"(?:[^"\\]++|\\.)*+"'
_CELL = rf"(?:{_STRING}|[-+.\w]++|\[[^\[\]{{}}]*+\]|\{{[^\[\]{{}}]*+\}})"
_CELLS = rf"(?:\s*+{_STRING}\s*+:\s*+{_CELL}\s*+,)*"
_LIST = (
    r'\s*+"(?:data|examples|rows|train|test|validation|items|samples|records|questions|dataset)"'
    r"\s*+:\s*+\[\s*+(?=[{\[\]])"
)
WRAPPER = re.compile(rf"\s*+\{{{_CELLS}{_LIST}")
NEXT_LIST = re.compile(rf"\s*+,{_CELLS}{_LIST}")
TAIL = re.compile(rf"(?:\s*+,\s*+{_STRING}\s*+:\s*+{_CELL})*+\s*+\}}")
BEGINS_AS_COLUMNS = re.compile(rf'\s*+\{{\s*+{_STRING}\s*+:\s*+(?:\[\s*+(?:"|[-\d]|true|false|null)|\{{\s*+"\d+"\s*+:)')


class Element(NamedTuple):
    """A value with its exact text and 1-based number; ``error`` says why there is none. Undecodable bytes are escaped.

    listed: does it stand in a list, or in an object of rows by id? key: that id, "" where there is none. Of one that is
    ``TOO_LONG`` the text is only the start.
    """

    number: int
    text: str
    value: object
    error: str | None
    listed: bool = True
    key: str = ""


def elements(blocks: Iterable[bytes], most: int = ROW_BYTES) -> Iterator[Element]:
    """Yield the elements of the arrays of a file, or the objects that follow one another outside of any.

    most: characters of an element; a longer one is stepped over and has an error. No more is ever held.
    """
    window = Window(blocks, most)
    number, listed, wrapped = 0, False, False
    while mark := window.peek():
        if mark == "[" and not listed:
            window.at, listed = window.at + 1, True
        elif mark == "]" and listed:
            window.at, listed = window.at + 1, False
            if wrapped:
                listed = window.match(NEXT_LIST)
                wrapped = listed or not window.match(TAIL)
        elif mark == "{" and not listed and not wrapped and window.match(WRAPPER):
            listed = wrapped = True
        elif mark == "{" and number == 0 and not listed and not wrapped and json_keyed.is_keyed(window):
            yield from _by_id(window)
            number += 1
        else:
            number += 1
            columns = number == 1 and mark == "{" and not listed and BEGINS_AS_COLUMNS.match(window.text, window.at)
            window.most = most * COLUMNS if columns else most
            yield _element(window, number)._replace(listed=listed)
    if listed or wrapped:
        yield Element(number + 1, "", None, "the file ends before its list of rows does")


def _by_id(window: Window) -> Iterator[Element]:
    """Yield the values of an object of rows by id, with their ids."""
    number = 0
    while mark := window.peek():
        if mark == "}":
            window.at += 1
            return
        number += 1
        key = json_keyed.KEY.match(window.text, window.at)
        while not key and window.more():  # it may have been cut in two
            key = json_keyed.KEY.match(window.text, window.at)
        if key:
            window.at = key.end()
        yield _element(window, number)._replace(key=json.loads(key[1], strict=False) if key else "")
    yield Element(number + 1, "", None, "the file ends before its object of rows does")


def _element(window: Window, number: int) -> Element:
    while True:
        try:
            value, end = DECODER.raw_decode(window.text, window.at)
        except json.JSONDecodeError as wrong:
            short = wrong.msg.startswith("Unterminated") or wrong.pos >= len(window.text) - SLACK
            if short and window.more():
                continue
            if short and window.full:
                return _too_long(window, number)
            if short:
                return _rest(window, number, "the file ends inside this row")
            return _skip(window, number, wrong)
        except RecursionError:
            return _too_deep(window, number)
        if end == len(window.text) and window.more():
            continue  # a number could go on
        if end - window.at > window.most or (end == len(window.text) and window.full):
            return _too_long(window, number)
        text, window.at = window.text[window.at : end], end
        return Element(number, text, value, None)


def _too_long(window: Window, number: int) -> Element:
    start = window.text[window.at : window.at + KEPT]
    window.skip()
    return Element(number, start, None, TOO_LONG)


def _too_deep(window: Window, number: int) -> Element:
    """Step over an element that is nested deeper than the parser goes, wherever it ends."""
    start, before = window.at, window.text
    whole = window.skip()
    text = before[start : window.at] if whole and window.text is before else before[start : start + KEPT]
    return Element(number, text, None, DEEP)


def _skip(window: Window, number: int, wrong: json.JSONDecodeError) -> Element:
    """Step over a broken element, to the next place that begins as it did and can be read."""
    begins = re.match(r'[{\[]\s*(?:"[^"]*")?', window.text[window.at : window.at + 200])
    reason = f"not JSON: {wrong.msg.lower()} at character {wrong.pos - window.at + 1} of the row"
    if begins is None:
        return _rest(window, number, reason)
    opening, _, key = begins.group().partition('"')
    head = re.escape(opening[0]) + r"\s*+" + re.escape(f'"{key}' if key else "")
    resume = re.compile(rf"(?<=[,\s]){head}")
    searched, start = wrong.pos - window.at, ""  # start: of an element that is longer than what is held
    while True:
        found = _next_readable(window, resume, searched)
        if found is not None:
            text, window.at = start or window.text[window.at : found], found
            return Element(number, text.rstrip(" \t\r\n,"), None, reason)
        searched = max(0, len(window.text) - window.at - OVERLAP)
        if window.full:
            start = start or window.text[window.at : window.at + KEPT]
            window.at, searched = window.at + searched, 0
        if not window.more():
            return _rest(window, number, reason, start)


def _next_readable(window: Window, resume: re.Pattern[str], searched: int) -> int | None:
    """Return where the pattern is found next and a value can be read; None where that is not, or takes too many trials."""
    spent = 0
    for found in resume.finditer(window.text, window.at + searched):
        tried = _read_to(window.text, found.start())
        if tried is None:
            return found.start()
        spent += tried - found.start()
        if spent > TRIALS * window.most:
            break
    return None


def _read_to(text: str, at: int) -> int | None:
    """Return None where a value begins here, as far as the text in memory shows; else how far it could be read."""
    try:
        DECODER.raw_decode(text, at)
    except json.JSONDecodeError as wrong:
        return None if wrong.msg.startswith("Unterminated") or wrong.pos >= len(text) - SLACK else wrong.pos
    except RecursionError:
        return at + DEEPEST
    return None


def _rest(window: Window, number: int, reason: str, start: str = "") -> Element:
    """Give up on the rest: of what is more than a row may have, only the start is kept."""
    while window.more():
        pass
    text = start or (window.text[window.at : window.at + KEPT] if window.full else window.text[window.at :])
    window.drop()
    return Element(number, text, None, reason)
