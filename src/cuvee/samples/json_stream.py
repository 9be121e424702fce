"""JSON values one after another from a stream of text: the elements of an array, or objects end to end."""

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cuvee.samples.loose_json import DECODER

LARGEST = 1 << 28  # characters of one element; a longer one is a fault
SLACK = 16  # an error this close to the end of what is there may only mean that the rest is missing

# One object around a list of rows, as in {"canary": "...", "examples": [{...}, ...]}; small cells may come before it.
_STRING = r'"(?:[^"\\]|\\.)*"'
_CELL = rf"(?:{_STRING}|[-+.\w]+|\[[^\[\]{{}}]*\]|\{{[^\[\]{{}}]*\}})"
_CELLS = rf"(?:\s*{_STRING}\s*:\s*{_CELL}\s*,)*"
_LIST = (
    r'\s*"(?:data|examples|rows|train|test|validation|items|samples|records|questions|dataset)"\s*:\s*\[\s*(?=[{\[\]])'
)
WRAPPER = re.compile(rf"\s*\{{{_CELLS}{_LIST}")
NEXT_LIST = re.compile(rf"\s*,{_CELLS}{_LIST}")
TAIL = re.compile(rf"(?:\s*,\s*{_STRING}\s*:\s*{_CELL})*\s*\}}")


class Element(NamedTuple):
    """A value with its exact text and 1-based number; ``error`` says why there is none. Undecodable bytes are escaped."""

    number: int
    text: str
    value: object
    error: str | None


class Window:
    """The part of a stream of text that is in memory."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self.blocks = iter(blocks)
        self.decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.text = ""
        self.at = 0

    def more(self) -> bool:
        """Forget what lies behind ``at`` and at least double what lies ahead; return whether there was more."""
        kept = self.text[self.at :]
        pieces, wanted = [], max(len(kept), 1)
        while wanted > 0 and len(kept) < LARGEST and (block := next(self.blocks, None)) is not None:
            pieces.append(self.decoder.decode(block))
            wanted -= len(pieces[-1])
        if not pieces and len(kept) < LARGEST:
            pieces.append(self.decoder.decode(b"", final=True))
        self.text, self.at = kept + "".join(pieces), 0
        return len(self.text) > len(kept)

    def peek(self) -> str:
        """Skip white space and return the next character, "" at the end of the stream."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in " \t\r\n":
                self.at += 1
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def match(self, pattern: re.Pattern[str]) -> bool:
        """Step over the pattern where it matches here; return whether it did."""
        if len(self.text) - self.at < 1 << 16:
            self.more()
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found is not None


def elements(blocks: Iterable[bytes]) -> Iterator[Element]:
    """Yield the elements of the arrays of a file, or the objects that follow one another outside of any."""
    window = Window(blocks)
    number, listed, wrapped = 0, False, False
    while mark := window.peek():
        if mark == ",":
            window.at += 1
        elif mark == "[" and not listed:
            window.at, listed = window.at + 1, True
        elif mark == "]" and listed:
            window.at, listed = window.at + 1, False
            if wrapped:
                listed = window.match(NEXT_LIST)
                wrapped = listed or not window.match(TAIL)
        elif mark == "{" and not listed and not wrapped and window.match(WRAPPER):
            listed = wrapped = True
        else:
            number += 1
            yield _element(window, number)
    if listed or wrapped:
        yield Element(number + 1, "", None, "the file ends before its list of rows does")


def _element(window: Window, number: int) -> Element:
    while True:
        try:
            value, end = DECODER.raw_decode(window.text, window.at)
        except json.JSONDecodeError as wrong:
            short = wrong.msg.startswith("Unterminated") or wrong.pos >= len(window.text) - SLACK
            if short and window.more():
                continue
            if short:
                return _rest(window, number, "the file ends inside this row")
            return _skip(window, number, wrong)
        except RecursionError:
            return _rest(window, number, "nested too deep; nothing after it can be read")
        if end == len(window.text) and window.more():
            continue  # a number could go on
        text, window.at = window.text[window.at : end], end
        return Element(number, text, value, None)


def _skip(window: Window, number: int, wrong: json.JSONDecodeError) -> Element:
    """Step over a broken element, to the next place that begins as it did and can be read."""
    begins = re.match(r'[{\[]\s*(?:"[^"]*")?', window.text[window.at : window.at + 200])
    reason = f"not JSON: {wrong.msg.lower()} at character {wrong.pos - window.at + 1} of the row"
    if begins is None:
        return _rest(window, number, reason)
    opening, _, key = begins.group().partition('"')
    head = re.escape(opening[0]) + r"\s*" + re.escape(f'"{key}' if key else "")
    resume = re.compile(rf"[,\s]\s*({head})")
    searched = wrong.pos - window.at
    while True:
        for found in resume.finditer(window.text, window.at + searched):
            if _readable(window.text, found.start(1)):
                text = window.text[window.at : found.start()]
                window.at = found.start()
                return Element(number, text.rstrip(" \t\r\n,"), None, reason)
        searched = max(searched, len(window.text) - window.at - 200)
        if not window.more():
            return _rest(window, number, reason)


def _readable(text: str, at: int) -> bool:
    """Return whether a value begins here, as far as the text in memory shows."""
    try:
        DECODER.raw_decode(text, at)
    except json.JSONDecodeError as wrong:
        return wrong.msg.startswith("Unterminated") or wrong.pos >= len(text) - SLACK
    except RecursionError:
        return False
    return True


def _rest(window: Window, number: int, reason: str) -> Element:
    """Give up on the rest of what is in memory."""
    while window.more() and len(window.text) < LARGEST:
        pass
    text, window.at = window.text[window.at :], len(window.text)
    return Element(number, text, None, reason)
