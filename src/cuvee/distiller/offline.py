"""A corpus from a pool of good rows, by rule and without a strong model: each row is the answer, its weak versions the task."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cuvee.arrays import I64
from cuvee.distiller import degrade
from cuvee.distiller.examples import Example, Rated
from cuvee.distiller.kinds import KINDS
from cuvee.rng import stream

FEWEST_WORDS = 12  # of an answer that can be made weak
LONGEST_WORDS = 220
GOOD = 5.0  # the rating of a row of the pool
TOP = 3.0  # the highest rating of a weak version
BOTH = {"qa", "cs", "para"}  # kinds in which two near topics make one text


@dataclass(frozen=True)
class Topic:
    """A good row. near: numbers of the topics nearest to it, nearest first."""

    id: str
    question: str
    answer: str
    subject: str
    near: tuple[int, ...]


@dataclass(frozen=True)
class Recipe:
    """How a corpus is made. variants: fewest and most weak versions of a text. merged, noisy: shares of the examples."""

    kinds: tuple[str, ...] = tuple(KINDS)
    variants: tuple[int, int] = (2, 5)
    merged: float = 0.2
    noisy: float = 0.3
    seed: int = 0


def usable(question: str, answer: str | None) -> bool:
    """Return whether a row can be made weak: it asks something, and its answer is neither too short nor too long."""
    words = len((answer or "").split())
    return bool(question.strip()) and FEWEST_WORDS <= words <= LONGEST_WORDS and len(question.split()) <= LONGEST_WORDS


def corpus(topics: Sequence[Topic], recipe: Recipe) -> Iterator[tuple[Example, list[Rated]]]:
    """Yield one example per topic, its kind in turn, and what it adds to the library of rated texts.

    Ratings are by construction: a text of the pool is worth 5; a weak version 0 to 3 by the share of its words that are
    left, less 1 where it was misspelt. The same topics and recipe give the same corpus.
    """
    for at, topic in enumerate(topics):
        rng = stream(recipe.seed, "corpus", topic.id)
        kind = recipe.kinds[at % len(recipe.kinds)]
        yield _example(topics, at, kind, recipe, rng)


def _example(
    topics: Sequence[Topic], at: int, kind: str, recipe: Recipe, rng: np.random.Generator
) -> tuple[Example, list[Rated]]:
    group = [topics[at]]
    if kind in BOTH and topics[at].near and rng.random() < recipe.merged:
        group.append(topics[topics[at].near[0]])
    noisy = bool(rng.random() < recipe.noisy)
    good, variants, rated = [], [], []
    for topic in group:
        text, make = _texts(topics, topic, kind, rng)
        good.append(text)
        rated.append(Rated(kind, text, GOOD))
        low, high = recipe.variants
        for _ in range(max(1, int(rng.integers(low, high + 1)) // len(group))):
            weak = make(rng)
            shown = degrade.noise(weak, rng) if noisy else weak
            variants.append(shown)
            rated.append(Rated(kind, shown, max(0.0, round(TOP * degrade.kept(weak, text)) - noisy)))
    order = rng.permutation(len(variants))
    shuffled = tuple(variants[place] for place in order)
    answer = joined(kind, good)
    ids, think = tuple(topic.id for topic in group), _reasoning(shuffled, group, noisy)
    return Example(f"{kind}-{group[0].id}", kind, shuffled, think, answer, ids, noisy), rated


class _Weak:
    """Makes weak versions of an answer: every sentence of it stands in one of the first two at least."""

    def __init__(self, kind: str, question: str, answer: str) -> None:
        self.kind, self.question, self.answer, self.left = kind, question, answer, list[str]()

    def __call__(self, rng: np.random.Generator) -> str:
        parts = degrade.sentences(self.answer)
        if self.left:
            weak, self.left = " ".join(self.left), []
        elif len(parts) > 1 and rng.random() < 0.6:
            first = rng.random(len(parts)) < 0.5
            first[int(rng.integers(len(parts)))] = True
            weak = " ".join(part for part, stays in zip(parts, first, strict=True) if stays)
            self.left = [part for part, stays in zip(parts, first, strict=True) if not stays]
        else:
            weak = degrade.weaken(self.answer, rng)
        return KINDS[self.kind].write(self.question, weak)


def _texts(topics: Sequence[Topic], topic: Topic, kind: str, rng: np.random.Generator) -> tuple[str, _Weak]:
    """Return a topic as a good text of a kind, and what makes weak versions of it."""
    question, answer = topic.question, topic.answer
    if kind == "mcq":
        question, answer = _choice(topics, topic, rng)
    elif kind == "tfq":
        question, answer = _statement(topics, topic, rng)
    elif kind == "cs":
        question = topic.subject
    return KINDS[kind].write(question, answer), _Weak(kind, question, answer)


def _choice(topics: Sequence[Topic], topic: Topic, rng: np.random.Generator) -> tuple[str, str]:
    """Return a question with four options, three of them what near topics answer, and the right letter with its reason."""
    others = [_short(topics[at].answer) for at in topic.near]
    options = [_short(topic.answer), *[text for text in dict.fromkeys(others) if text != _short(topic.answer)][:3]]
    options += ["None of these", "All of these", "It cannot be said"][: 4 - len(options)]
    order = rng.permutation(4)
    letter = "ABCD"[int(np.flatnonzero(order == 0)[0])]
    lines = [f"{name}) {options[at]}" for name, at in zip("ABCD", order, strict=True)]
    return "\n".join([_line(topic.question), *lines]), f"{letter}. {topic.answer}"


def _statement(topics: Sequence[Topic], topic: Topic, rng: np.random.Generator) -> tuple[str, str]:
    """Return a statement, true or with the answer of another topic, and which of the two it is, with the reason."""
    true = not topic.near or rng.random() < 0.5
    said = topic.answer if true else topics[topic.near[0]].answer
    statement = f'"{_short(said)}" is a right answer to: {_line(topic.question)}'
    return statement, f"{bool(true)}. {topic.answer}"


def joined(kind: str, texts: Sequence[str]) -> str:
    """Return one text of a kind from texts of near topics: what they ask side by side, what they answer one after another."""
    if len(texts) == 1:
        return texts[0]
    pairs = [found for found in (KINDS[kind].pattern.fullmatch(text) for text in texts) if found]
    answers = "\n".join(found["a"] for found in pairs)
    if kind == "para":
        return answers
    between = "\nAlso: " if kind == "qa" else " and "
    first = "Q" if kind == "qa" else "C"
    second = "A" if kind == "qa" else "S"
    return f"{first}: {between.join(found['q'] for found in pairs)}\n{second}: {answers}"


def _reasoning(variants: Sequence[str], group: Sequence[Topic], noisy: bool) -> str:
    """Return a chain of thought that is true of these variants."""
    longest = int(np.argmax([len(text) for text in variants])) + 1
    subject = "one subject" if len(group) == 1 else f"{len(group)} near subjects"
    lines = [f"There are {len(variants)} texts about {subject}: {'; '.join(_clip(topic.subject) for topic in group)}."]
    lines.append(f"Text {longest} says the most. The others leave parts out, are vague, or break off.")
    if noisy:
        lines.append("Some words are misspelt; I write them right.")
    lines.append("I put together what they say, in order, in whole sentences, and leave nothing of use out.")
    return "\n".join(lines)


def _line(text: str) -> str:
    return " ".join(text.split())


def _clip(text: str) -> str:
    words = _line(text).split()
    return " ".join(words[:12]).rstrip(".,;:")


def _short(text: str) -> str:
    words = _line(text).split()
    return " ".join(words[:14]).rstrip(".,;:")


def topics(ids: Sequence[str], rows: Sequence[tuple[str, str]], subjects: Sequence[str], near: I64) -> list[Topic]:
    """Return topics of rows (question, answer); near: (n, k) numbers of the nearest others, -1 for none."""
    return [
        Topic(name, *row, subject, tuple(int(at) for at in others if at >= 0))
        for name, row, subject, others in zip(ids, rows, subjects, near.tolist(), strict=True)
    ]
