"""The five kinds of text that MIXTURE knows (LM-Mixup, arXiv 2510.20449): their forms, and what row each one makes."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import Template

from cuvee import names

Turns = tuple[str, str]  # what is asked, what is answered
STAGES = ("distill", "rewrite", "degrade")  # the prompts that every kind has


@dataclass(frozen=True)
class RowKind:
    """One kind of text.

    pattern: what a whole text of this kind matches, around it stripped. row: a match -> instruction and answer, None where
    a part that a row needs is missing. write: instruction, answer -> the text; the inverse of ``row`` for its own texts.
    """

    name: str
    summary: str
    pattern: re.Pattern[str]
    row: Callable[[re.Match[str]], Turns | None]
    write: Callable[[str, str], str]

    def fits(self, text: str) -> bool:
        """Return whether a text has the form of this kind."""
        return self.pattern.fullmatch(text.strip()) is not None

    def read(self, text: str) -> Turns | None:
        """Return instruction and answer of the row that a text makes; None where it makes none."""
        found = self.pattern.fullmatch(text.strip())
        return self.row(found) if found else None

    def prompt(self, stage: str, **texts: str) -> str:
        """Return the prompt of a stage (one of ``STAGES``); it stands in ``prompts/<kind>.md``."""
        return _prompts(self.name)[stage].substitute(texts)


def find(name: str) -> RowKind:
    """Return a kind by name. Raises ConfigError for another name."""
    return names.find(KINDS, name, "kind")


ALL = re.DOTALL
_MORE = r"(?=\s*+\S)"


def _upto(name: str, mark: str) -> str:
    """Return the pattern of a part that ends where its mark comes first. It is atomic: a part never grows beyond that.

    A later mark would leave less for the parts behind, so nothing is missed; and a text is gone through once.
    """
    return rf"(?>\s*+(?P<{name}>\S.*?)(?<!\s)\s++{mark}{_MORE})"


_QA = re.compile(rf"Q:{_upto('q', 'A:')}\s*+(?P<a>\S.*)", ALL)
_MARKED = (("q", r"A\)"), ("A", r"B\)"), ("B", r"C\)"), ("C", r"D\)"), ("D", "Answer:"))
_MCQ = re.compile("Q:" + "".join(_upto(name, mark) for name, mark in _MARKED) + r"\s*+(?P<a>\S.*)", ALL)
_TFQ = re.compile(
    rf"(?>(?:Q:\s*+)?(?P<q>\S.*?)(?<!\s)\s++Answer:{_MORE}|Answer:{_MORE})\s*+(?P<a>\S.*)",
    ALL,
)
_CS = re.compile(rf"C:{_upto('q', 'S:')}\s*+(?P<a>\S.*)", ALL)
_PARA = re.compile(r"(?P<a>\S.*)", ALL)
_FIRST = re.compile(r"(.+?[.!?])(?:\s++|$)", ALL)

ABOUT = "Write a true statement about this subject: "
BEGINS = "Write a paragraph that begins with this sentence: "


def _pair(found: re.Match[str]) -> Turns | None:
    return found["q"], found["a"]


def _choice(found: re.Match[str]) -> Turns | None:
    options = "\n".join(f"{letter}) {found[letter]}" for letter in "ABCD")
    return f"{found['q']}\n{options}", found["a"]


def _stated(found: re.Match[str]) -> Turns | None:
    return (found["q"], found["a"]) if found["q"] else None


def _subject(found: re.Match[str]) -> Turns | None:
    return ABOUT + found["q"], found["a"]


def _paragraph(found: re.Match[str]) -> Turns | None:
    first = _FIRST.match(found["a"])
    return (BEGINS + first[1], found["a"]) if first else None


def _as_choice(question: str, answer: str) -> str:
    return f"Q: {question}\nAnswer: {answer}"


def _as_statement(question: str, answer: str) -> str:
    return f"C: {question.removeprefix(ABOUT)}\nS: {answer}"


KINDS: dict[str, RowKind] = {
    kind.name: kind
    for kind in (
        RowKind("qa", "a question and its answer: Q, A", _QA, _pair, "Q: {}\nA: {}".format),
        RowKind("mcq", "a question with four options: Q, A) to D), Answer", _MCQ, _choice, _as_choice),
        RowKind("tfq", "a statement that is true or false: Q, Answer", _TFQ, _stated, _as_choice),
        RowKind("cs", "a category and a statement about it: C, S", _CS, _subject, _as_statement),
        RowKind("para", "a paragraph, free", _PARA, _paragraph, lambda q, a: a),
    )
}


def bare(kind: str, text: str) -> str:
    """Return a text as a library holds it: of mcq and tfq, where the answer is a letter or a word, without its "Answer:" tail.

    As the published library does. A text that is nothing but its tail stays.
    """
    if kind not in ("mcq", "tfq"):
        return text
    asked = text.rpartition("Answer:")[0].strip()
    return asked or text


@cache
def _prompts(kind: str) -> dict[str, Template]:
    text = resources.files("cuvee.distiller").joinpath("prompts", f"{kind}.md").read_text(encoding="utf-8")
    parts = re.split(r"^# (\w+)\n", text, flags=re.MULTILINE)
    return {name: Template(body.strip()) for name, body in zip(parts[1::2], parts[2::2], strict=True)}
