"""What is asked of a judge, and what its replies say: prompts stand in ``prompts/``, one file per kind of question."""

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import Template

LONGEST = 8_000  # characters of a question or an answer that a judge is shown; the rest is cut off its end
CUT = "\n[the rest is left out]"


@dataclass(frozen=True)
class QuestionKind:
    """A kind of question.

    ratings: names of the numbers in a reply. low, high: the scale, both ends included. least: what is read as a rating too,
    where judges go below the scale: 0 for an answer that is none.
    """

    file: str
    ratings: tuple[str, ...]
    low: int
    high: int
    least: int | None = None


def messages(kind: QuestionKind, **texts: str) -> list[dict[str, str]]:
    """Return the conversation that asks this: a system turn and a user turn. texts: what the prompt's $names stand for."""
    system, user = _templates(kind.file)
    shown = {name: text if len(text) <= LONGEST else text[:LONGEST] + CUT for name, text in texts.items()}
    content = user.substitute(shown, low=kind.low, high=kind.high)  # a $ inside the texts is not looked at
    return [{"role": "system", "content": system}, {"role": "user", "content": content}]


def ratings(kind: QuestionKind, reply: str) -> list[float | None]:
    """Return the numbers of a reply in the order of ``kind.ratings``; None for one that is not there or off the scale.

    Read are lines such as "Rating: 4", "**Rating:** 4/6" or "Rating = 4.5 (good)"; the last one of a name counts. Not
    read: "4-5", "4 or 5", a number outside the scale or out of another one. Where one rating is asked for, the number
    alone will do.
    """
    text = _said(reply)
    if len(kind.ratings) == 1 and (alone := _ALONE.fullmatch(text)):
        return [_on_scale(kind, *alone.groups())]
    return [_last(kind, name, text) for name in kind.ratings]


def verdict(reply: str) -> str | None:
    """Return "A", "B" or "tie"; None where the reply does not say."""
    found = [said for between, said in _VERDICT.findall(_said(reply)) if ":" in between or "=" in between]
    return None if not found else "tie" if found[-1].lower() == "tie" else found[-1].upper()


# A reply may be anything. What may be repeated is possessive, and marks before a word stay in its line: linear time.
_LINES = re.IGNORECASE | re.MULTILINE
_MARKS = r"(?:[^\w\n]|_)*+"
_NUMBER = r"(-?\d++(?:\.\d++)?)(?:\s*+(?:/|out of)\s*+(\d++))?"
_ALONE = re.compile(rf"[\W_]*?{_NUMBER}[\W_]*+")
_NUMBER_FIRST = re.compile(rf"[\W_]*?{_NUMBER}[^\d\n]*+$")
_VERDICT = re.compile(rf"^{_MARKS}verdict([\W_]++)(?:answer )?(A|B|tie)\b{_MARKS}$", _LINES)
_THOUGHTS = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL | re.IGNORECASE)


def _said(reply: str) -> str:
    """Return the reply without a reasoning model's thoughts, also where they never end."""
    return _THOUGHTS.sub("", reply).strip()


def _last(kind: QuestionKind, name: str, text: str) -> float | None:
    lines = _lines_of(name).findall(text)
    number = _NUMBER_FIRST.match(lines[-1]) if lines else None
    return _on_scale(kind, *number.groups()) if number else None


@cache
def _lines_of(name: str) -> re.Pattern[str]:
    return re.compile(rf"^{_MARKS}{re.escape(name)}(?:[^\w:=]|_)*+[:=](.*)$", _LINES)


def _on_scale(kind: QuestionKind, number: str, out_of: str | None) -> float | None:
    value = float(number)
    least = kind.low if kind.least is None else kind.least
    return value if least <= value <= kind.high and out_of in (None, str(kind.high)) else None


@cache
def _templates(file: str) -> tuple[str, Template]:
    text = resources.files("cuvee.scorers").joinpath("prompts", f"{file}.md").read_text(encoding="utf-8")
    system, _, user = text.partition("\n---\n")
    return system.strip(), Template(user.strip())
