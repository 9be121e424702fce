"""Answers as text: the number in one, whether it is the right one, and the code in one."""

import re
from decimal import Decimal

from cuvee.samples.normal import nfkc

FINAL = "####"  # GSM8K's mark before the answer
_NUMBER = re.compile(r"(?<!\w)(?<!\d\.)(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|(?<![\w.])\.\d+")
_CURRENCY = "$€£¥"
_OPERAND = "0123456789)]}%"  # after these a minus subtracts
_TOLD = re.compile(r"(?:answer\s++is|answer)\s*+[:=]?\s*+", re.IGNORECASE)
_FENCE = re.compile(r"```[^\n`]*+\n(.*?)(?:```|\Z)", re.DOTALL)
_ENDS_SO = re.compile(r"\s*+-?[$]?(?:[\d,]*+(?<=\d)|[\d,]*+\.\d++)\s*+")  # the number, and nothing behind it
_DASHES = str.maketrans({"\u2212": "-", "\u2013": "-", "\u2011": "-"})


def number(text: str) -> Decimal | None:
    """Return the number that a text arrives at: the first one after the last "####", else its last one; None without any.

    Commas group thousands ("1,234.50"); a sign belongs to a number where no other operand stands before it ("16-3" ends in
    3, "= -3" in -3). Currency signs and units are left out. Digits inside a word ("GPT4") are no number.
    """
    plain = nfkc(text).translate(_DASHES)
    _, mark, final = plain.rpartition(FINAL)
    if mark:
        after = _numbers(final)
        return after[0] if after else None
    every = _numbers(final)
    return every[-1] if every else None


def _numbers(text: str) -> list[Decimal]:
    return [_signed(match, text) for match in _NUMBER.finditer(text)]


def _signed(match: re.Match[str], text: str) -> Decimal:
    value = Decimal(match[0].replace(",", ""))
    before = text[max(0, match.start() - 20) : match.start()].rstrip(_CURRENCY)
    if not before.endswith("-"):
        return value
    left = before[:-1].rstrip(_CURRENCY)
    operand = left.rstrip()[-1:]
    subtracts = (operand and operand in _OPERAND) or left[-1:].isalnum()
    return value if subtracts else -value


def has_final_number(text: str) -> bool:
    """Return whether a text ends as the answers of GSM8K do: a line of "####" and one number."""
    before, mark, final = text.rpartition(FINAL)
    return bool(mark) and (not before or before.endswith("\n")) and _ENDS_SO.fullmatch(final) is not None


def normal(text: str) -> str:
    """Return a text for comparison: NFKC, case folded, white space single, without quotes and full stops at its ends."""
    folded = " ".join(nfkc(text).casefold().split())
    return folded.strip("\"'`* ").rstrip(".").strip("\"'`* ")


def exact(text: str, right: str) -> bool:
    """Return whether an answer, or what it says after its last "answer is" or "####", is the right one once both are normal."""
    wanted = normal(right)
    return any(normal(candidate) == wanted for candidate in _candidates(text))


def exact_final(text: str, right: str) -> bool:
    """Return whether what stands after "####" is the same text in both: the strict reading of GSM8K."""
    return FINAL in text and _final(text) == _final(right)


def _final(text: str) -> str:
    return normal(text.rpartition(FINAL)[2]).replace(",", "").replace("$", "")


def _candidates(text: str) -> list[str]:
    found = [text]
    if FINAL in text:
        found.append(text.rpartition(FINAL)[2])
    told = list(_TOLD.finditer(text))
    if told:
        found.append(text[told[-1].end() :].strip().partition("\n")[0])
    return found


def code(text: str) -> str:
    """Return the first fenced block of an answer, the whole answer where there is none."""
    match = _FENCE.search(text)
    return match[1] if match else text
