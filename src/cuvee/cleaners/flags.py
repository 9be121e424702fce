"""What is wrong with an answer by its look: empty, cut off, repeating itself."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from cuvee.arrays import U8
from cuvee.cleaners.special import inside

NAMES = ("empty-answer", "truncated-answer", "no-question", "repeated-text", "special-token", "end-mark")

PROSE = 8  # words from which a text can be judged
_ENDS = re.compile(r"[.!?…。！？][\"'”’)\]*_]*+(?=\s|$)")  # where a sentence ends
_LAST_WORD = re.compile(r"(?<![^\W\d_])[^\W\d_]++$")
# Words that no English sentence ends with.
_LEADS_ON = re.compile(
    "a|an|the|and|or|but|nor|of|from|with|by|into|than|because|although|while|whose|every|my|your|their|our|its|if|as|to"
    "|for|at|between|is|are|was|were|has|have|had|will|would|can|could|should|may|might|this|these|which|when|where|who"
    "|very|not|about"
)
_OPEN = frozenset(",:-–—([{“")
_CLOSING = re.compile(
    r"\b(?:sincerely|regards|yours|love|wishes|cheers|respectfully|thanks)\b[^.!?]*$", re.I
)  # of a letter
_CODE = re.compile(
    r"[{};][^\S\n]*+$|^[^\S\n]*+(?:def|class|import|from|return|for|if|SELECT|function|var|let|const|#include)\b|</\w+>",
    re.M,
)
_BETWEEN = re.compile(r"(?<=[.!?])\s++|\n++")  # sentences and lines
_ITEM = re.compile(r"\s*(?:[-*+•]|\d+[.)]|[A-Za-z][.)])\s")


def flags(prompts: Sequence[str], responses: Sequence[str | None]) -> U8:
    """Return (n,) what is wrong with each row, as ``flag`` numbers it; mostly nothing, 0.

    empty-answer: no character but white space. truncated-answer: see ``truncated``. no-question: an empty prompt.
    repeated-text: see ``repeated``. special-token: see ``special.inside``. end-mark is not told here: it was taken off when the
    row was read. An answer that is None (a turn that only calls tools) has no text to judge.
    """
    return np.array([_flags(*pair) for pair in zip(prompts, responses, strict=True)], dtype=np.uint8)


def flag(name: str) -> int:
    """Return the bit of a name in ``NAMES``."""
    return 1 << NAMES.index(name)


def flag_lists(found: U8) -> pa.Array:
    """Return (n,) lists of names, in the order of ``NAMES``."""
    every = [[name for name in NAMES if bits & flag(name)] for bits in range(1 << len(NAMES))]
    return pa.array(every, pa.list_(pa.string())).take(pa.array(found))


def _flags(prompt: str, response: str | None) -> int:
    text = "" if response is None else response.strip()
    marks = bool(inside(prompt) or inside(text))
    wrong = (response is not None and not text, truncated(text), not prompt.strip(), repeated(text), marks)
    return sum(is_wrong << bit for bit, is_wrong in enumerate(wrong))


def truncated(text: str) -> bool:
    """Return whether a text seems to stop before its end.

    It does when a ``` fence stays open, or when prose of at least 8 words ends with a comma, a colon, an open bracket or
    quote, a spaced dash or a word that leads on ("the", "of", "because"), or when it ends with any other letter although
    every line of prose and every sentence before ended with a stop. Code, lists, labels and titles are left alone.
    """
    text = text.rstrip()
    if "```" in text:
        return text.count("```") % 2 == 1
    if (
        not text
        or not (text[-1].isalpha() or text[-1] in _OPEN)
        or text.count(" ") + 1 < PROSE
        or _looks_like_code(text)
    ):
        return False
    if text[-1] == ":":
        return "\n" in text or bool(_ENDS.search(text))
    if text[-1] in "-–—":
        return text[-2].isspace()
    word = _LAST_WORD.search(text)
    if word is None:
        return text[-1] in _OPEN
    return bool(_LEADS_ON.fullmatch(word[0].lower()) and not word[0].isupper()) or _breaks_off(text)


def repeated(text: str) -> bool:
    """Return whether one line or sentence of at least 4 words stands there 4 times or more and makes up half the text."""
    if len(text) < 80:
        return False
    pieces = Counter(piece for piece in _BETWEEN.split(text) if piece.count(" ") >= 3)
    if not pieces:
        return False
    piece, count = pieces.most_common(1)[0]
    return count >= 4 and 2 * count * len(piece) >= len(text)


def _breaks_off(text: str) -> bool:
    """Return whether a text that ends with a letter is prose whose sentences all ended with a stop before."""
    lines = [line for line in text.splitlines() if line.strip()]
    tail = lines[-1]
    if tail.split()[-1].startswith("#") or _CLOSING.search(text[-80:]) or tail.istitle():
        return False
    if _ITEM.match(tail) and not _ENDS.search(tail):
        return any(_ENDS.search(line[-4:]) for line in lines[:-1] if _ITEM.match(line))
    if not _ENDS.search(text):
        return False
    others = [line for line in lines[:-1] if line.count(" ") >= 3]
    closed = sum(bool(_ENDS.search(line[-4:])) for line in others)
    if others and 2 * closed < len(others):
        return False
    after = text[max(found.end() for found in _ENDS.finditer(text)) :]
    return after.count(" ") >= 1


def _looks_like_code(text: str) -> bool:
    lines = text.count("\n") + 1
    return 3 * len(_CODE.findall(text)) >= lines
