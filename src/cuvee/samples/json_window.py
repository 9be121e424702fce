"""The part of a stream of JSON text that is in memory, and how to step over a value without holding it."""

import codecs
import re
from collections.abc import Iterable

import numpy as np

from cuvee.arrays import I64

BLANKS = re.compile(r"[ \t\r\n,]*+")  # commas too: a list may have too many, and lines may end in one
WORD = re.compile(r"[^\s,\]}]*+")
OPENS, CLOSES, QUOTE = tuple(map(ord, "[{")), tuple(map(ord, "]}")), ord('"')


class Window:
    """The part of a stream of text that is in memory. most: characters ahead of ``at`` beyond which no more is read."""

    def __init__(self, blocks: Iterable[bytes], most: int) -> None:
        self.blocks = iter(blocks)
        self.decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.text = ""
        self.at = 0
        self.most = most

    @property
    def full(self) -> bool:
        """Whether as much is ahead as may be."""
        return len(self.text) - self.at > self.most

    def more(self) -> bool:
        """Forget what lies behind ``at`` and at least double what lies ahead; return whether there was more."""
        if self.full:
            return False
        kept = self.text[self.at :]
        pieces, wanted = [], max(len(kept), 1)
        while wanted > 0 and (block := next(self.blocks, None)) is not None:
            pieces.append(self.decoder.decode(block))
            wanted -= len(pieces[-1])
        if not pieces:
            pieces.append(self.decoder.decode(b"", final=True))
        self.text, self.at = kept + "".join(pieces), 0
        return len(self.text) > len(kept)

    def peek(self) -> str:
        """Skip white space and commas and return the next character, "" at the end of the stream."""
        while True:
            self.at = self._past(BLANKS)
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def _past(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self.text, self.at)
        return found.end() if found else self.at

    def match(self, pattern: re.Pattern[str]) -> bool:
        """Step over the pattern where it matches here; return whether it did."""
        if len(self.text) - self.at < 1 << 16:
            self.more()
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found is not None

    def drop(self) -> None:
        """Forget everything up to the end of the stream."""
        for _ in self.blocks:
            pass
        self.text, self.at = "", 0

    def skip(self) -> bool:
        """Step over the value that begins here, a block at a time; return whether its end was there."""
        if self.text[self.at] not in '[{"':
            return self._skip_word()
        depth, inside = 0, False
        while True:
            ahead = self.text[self.at :]
            escapes = (len(ahead) - len(ahead.rstrip("\\"))) % 2  # whatever comes next
            scanned = ahead[: len(ahead) - escapes]
            levels, inside_after = _levels(scanned, depth, inside)
            ended = np.flatnonzero(levels == 0)
            if len(ended):
                self.at += int(ended[0]) + 1
                return True
            depth, inside = int(levels[-1]) - inside_after if len(levels) else depth, inside_after
            self.text, self.at = ahead[len(scanned) :], 0
            if not self._append():
                self.text = ""
                return False

    def _skip_word(self) -> bool:
        while (end := self._past(WORD)) == len(self.text):
            self.text, self.at = "", 0
            if not self._append():
                return False
        self.at = end
        return True

    def _append(self) -> bool:
        block = next(self.blocks, None)
        if block is not None:
            self.text += self.decoder.decode(block)
        return block is not None


def _levels(text: str, depth: int, inside: bool) -> tuple[I64, bool]:
    """Return after each character in how many lists, objects and strings it stands, and whether the text ends in a string.

    depth, inside: of lists and objects before the text, and whether it begins in a string. No escape is cut at its ends.
    """
    plain = text.replace("\\\\", "__").replace('\\"', "__")
    signs = np.frombuffer(plain.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    quotes = (np.cumsum(signs == QUOTE) + inside) % 2
    steps = np.isin(signs, OPENS).astype(np.int64) - np.isin(signs, CLOSES)
    steps[quotes == 1] = 0  # a quote that closes has a level of its own again: it opens nothing
    levels: I64 = depth + np.cumsum(steps) + quotes
    return levels, bool(quotes[-1]) if len(quotes) else inside
