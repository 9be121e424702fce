"""Ratings by a chat model that reads every row: DEITA's complexity and quality, LM-Mixup's four.

The prompts are our own words (``prompts/``). A reply that holds no rating is a null; its text stays in the store.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cuvee import render
from cuvee.arrays import F32
from cuvee.errors import SelectionError
from cuvee.scorers import seam
from cuvee.scorers.pairwise import compare, rs, wtr
from cuvee.scorers.prompting import LONGEST, QuestionKind, messages, ratings
from cuvee.scorers.seam import Scorer

if TYPE_CHECKING:
    from cuvee.models.chat import Chat
    from cuvee.models.spending import Estimate
    from cuvee.samples.pool import BarePool

__all__ = ["KINDS", "MEMBERS", "Counts", "Judge", "compare", "rs", "wtr"]

BATCH = 2_048  # rows whose questions are in memory at once

KINDS = {
    "complexity": QuestionKind("complexity", ("Rating",), 1, 6),
    "quality": QuestionKind("quality", ("Rating",), 1, 6),
    "mixup": QuestionKind("mixup", ("Rarity", "Complexity", "Informativeness", "Overall"), 1, 10),
}


@dataclass
class Counts:
    """What became of a score's rows. asked: those with an answer; cut: shown in part only, their end left out."""

    asked: int = 0
    unparsable: int = 0
    unanswered: int = 0
    cut: int = 0

    def notes(self, name: str) -> list[str]:
        """Return a line per thing that a reader must know."""
        found = [
            (self.unparsable, "replies hold no rating and count as null; their texts are in the store"),
            (self.unanswered, "rows got no reply and count as null; the same command asks again"),
        ]
        return [f"{name}: {rows:,} of {self.asked:,} {what}" for rows, what in found if rows]


@dataclass
class Judge:
    """A chat model that rates rows. counts: score -> what became of its rows, filled by the scorers."""

    chat: "Chat"
    counts: dict[str, Counts] = field(default_factory=dict)

    def estimate(self, pool: "BarePool", kinds: list[str]) -> "Estimate | None":
        """Return what rating the pool's rows in these ways would cost now; None where there is nothing to ask."""
        total: Estimate | None = None
        for name in kinds:
            for rows in _rows(pool, f"judge-{name}", BATCH):
                part = self.chat.estimate([_question(KINDS[name], *row) for row in rows if row])
                total = total + part if total else part
        return total

    def rate(self, pool: "BarePool", kind: str, rating: str, name: str, *, batch: int) -> F32:
        """Return (n,) one of the ratings of a kind, NaN where there is none; see ``Scorer``."""
        values, counts, asks = np.full(len(pool), np.nan, dtype=np.float32), Counts(), KINDS[kind]
        at = asks.ratings.index(rating)
        for number, rows in enumerate(_rows(pool, name, batch)):
            places = [place for place, row in enumerate(rows, start=number * batch) if row]
            shown = [row for row in rows if row]
            replies = self.chat.ask([_question(asks, *row) for row in shown], label=name)
            for place, row, reply in zip(places, shown, replies, strict=True):
                value = None if reply is None else ratings(asks, reply.text)[at]
                values[place] = np.nan if value is None else value
                counts.asked += 1
                counts.cut += any(len(text) > LONGEST for text in _shown(asks, *row))
                counts.unanswered += reply is None
                counts.unparsable += reply is not None and value is None
        self.counts[name] = counts
        return values


def _rows(pool: "BarePool", name: str, batch: int) -> Iterator[list[tuple[str, str] | None]]:
    """Yield (question, answer) of ``batch`` rows at a time; None for a row without an answer."""
    for talks in seam.talks(pool, name, batch=batch):
        pairs = [(render.prompt(talk), render.response(talk)) for talk in talks]
        yield [None if answer is None else (question, answer) for question, answer in pairs]


def _shown(kind: QuestionKind, question: str, answer: str) -> tuple[str, ...]:
    return (question,) if kind.file == "complexity" else (question, answer)


def _question(kind: QuestionKind, question: str, answer: str) -> list[dict[str, str]]:
    return messages(kind, **dict(zip(("question", "answer"), _shown(kind, question, answer), strict=False)))


def _scorer(name: str, kind: str, rating: str, summary: str) -> Scorer:
    def score(pool: "BarePool", *, judge: Judge | None = None, batch: int = BATCH) -> F32:
        """Return (n,) ratings by a chat model, NaN where a row has no answer or its reply holds no rating.

        batch: rows whose questions are in memory at once; it does not change the result. Raises SelectionError where
        the pool has no messages or no judge is given, ServiceError where the server fails or the cap is reached.
        """
        if judge is None:
            raise SelectionError(f"{name} asks a chat model, and none is named", "--base-url URL --judge-model NAME")
        return judge.rate(pool, kind, rating, name, batch=batch)

    low, high = KINDS[kind].low, KINDS[kind].high
    return Scorer(name, score, True, f"{summary}, {low} to {high}", asks=kind)


MEMBERS: tuple[Scorer, ...] = (
    _scorer("judge-complexity", "complexity", "Rating", "how demanding the instruction is (DEITA, arXiv 2312.15685)"),
    _scorer("judge-quality", "quality", "Rating", "how good the answer is (DEITA, arXiv 2312.15685)"),
    _scorer("judge-mixup-rarity", "mixup", "Rarity", "how seldom one meets its subject (LM-Mixup, arXiv 2510.20449)"),
    _scorer("judge-mixup-complexity", "mixup", "Complexity", "how much reasoning it takes (LM-Mixup)"),
    _scorer("judge-mixup-informativeness", "mixup", "Informativeness", "how much its answer teaches (LM-Mixup)"),
    _scorer("judge-mixup-overall", "mixup", "Overall", "what it is worth for training (LM-Mixup)"),
)
