"""A corpus by a strong model (MIXTURE, LM-Mixup, arXiv 2510.20449): rewrite, rate, keep the best, make weak again.

Every reply is in the store, so that a stopped build goes on where it was. What cannot be read is kept aside with its text.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from cuvee.arrays import I64
from cuvee.distiller import bayes, degrade, offline, parse
from cuvee.distiller.examples import Example, Rated
from cuvee.distiller.kinds import KINDS
from cuvee.distiller.offline import Recipe
from cuvee.models.server import Reply
from cuvee.models.spending import Estimate, Talk
from cuvee.rng import stream
from cuvee.scorers.judge import KINDS as JUDGED
from cuvee.scorers.prompting import messages, ratings

BETWEEN = "\n---\n"


class Strong(Protocol):
    """A chat model: ``models.chat.Chat`` is one."""

    def ask(self, talks: Sequence[Talk], *, label: str = ...) -> list[Reply | None]:
        """Return the replies, in order; None where none came."""

    def estimate(self, talks: Sequence[Talk]) -> Estimate:
        """Return what asking would cost."""


@dataclass(frozen=True)
class Passage:
    """A text to make rows of. near: numbers of the passages nearest to it."""

    id: str
    text: str
    near: tuple[int, ...] = ()


@dataclass
class Made:
    """A corpus by a strong model. aside: what was not used: passage, kind, stage, reason, text. counts: per stage."""

    examples: list[Example] = field(default_factory=list)
    rated: list[Rated] = field(default_factory=list)
    aside: list[dict[str, str]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def put_aside(self, row: dict[str, str]) -> None:
        """Keep what cannot be used, and count it under its stage."""
        self.aside.append(row)
        self.counts[f"aside: {row['stage']}"] = self.counts.get(f"aside: {row['stage']}", 0) + 1


@dataclass(frozen=True)
class _Good:
    at: int  # number of the passage
    kind: str
    think: str
    text: str
    rating: float = 0.0


def questions(passages: Sequence[Passage], recipe: Recipe) -> list[tuple[int, str, Talk]]:
    """Return what the first stage asks: (passage, kind, conversation), every kind of every passage."""
    return [
        (at, kind, [{"role": "user", "content": KINDS[kind].prompt("rewrite", passage=passage.text)}])
        for at, passage in enumerate(passages)
        for kind in recipe.kinds
    ]


def price(passages: Sequence[Passage], recipe: Recipe, chat: Strong) -> dict[str, Estimate]:
    """Return what each stage would cost now, before anything is asked; of the later two, an upper bound by stand-ins."""
    first = [talk for *_, talk in questions(passages, recipe)]
    stand_in = " ".join(["word"] * 150)
    later = [(f"{stand_in} {number}", kind) for number, (_, kind, _) in enumerate(questions(passages, recipe))]
    return {
        "rewrite": chat.estimate(first),
        "rate": chat.estimate([rating(kind, text) for text, kind in later] * 2),
        "degrade": chat.estimate([_weakening(kind, text, recipe.variants[1]) for text, kind in later]),
    }


def build(passages: Sequence[Passage], recipe: Recipe, chat: Strong) -> Made:
    """Return the corpus: each stage asks for everything that it needs before the next one starts."""
    made = Made()
    good = _rated(passages, _rewritten(passages, recipe, chat, made), chat, made)
    kept = [one for one in good if one.rating >= bayes.GOOD]
    made.counts |= {"rewritten": len(good), "rated 4 or more": len(kept)}
    weak = _weakened(passages, kept, recipe, chat, made)
    made.examples = list(_examples(passages, kept, weak, recipe))
    made.rated = [Rated(one.kind, one.text, one.rating) for one in good]
    first = [(one, weak[number][0]) for number, one in enumerate(kept) if weak[number]]
    replies = chat.ask([rating(one.kind, text) for one, text in first], label="rating the weak ones")
    for (one, text), reply in zip(first, replies, strict=True):
        worth = None if reply is None else overall(reply.text)
        if worth is not None:
            made.rated.append(Rated(one.kind, text, worth))
    return made


def _rewritten(passages: Sequence[Passage], recipe: Recipe, chat: Strong, made: Made) -> list[_Good]:
    asked = questions(passages, recipe)
    good = []
    for (at, kind, _), reply in zip(asked, chat.ask([talk for *_, talk in asked], label="rewriting"), strict=True):
        said = parse.read(KINDS[kind], reply.text) if reply else parse.Said("no reply came")
        if said.why:
            where = {"passage": passages[at].id, "kind": kind, "stage": "rewrite"}
            made.put_aside({**where, "reason": said.why, "text": reply.text if reply else ""})
        else:
            good.append(_Good(at, kind, said.think, said.answer))
    return good


def _rated(passages: Sequence[Passage], good: list[_Good], chat: Strong, made: Made) -> list[_Good]:
    found = []
    replies = chat.ask([rating(one.kind, one.text) for one in good], label="rating")
    for one, reply in zip(good, replies, strict=True):
        worth = None if reply is None else overall(reply.text)
        if worth is None:
            where = {"passage": passages[one.at].id, "kind": one.kind, "stage": "rate"}
            made.put_aside({**where, "reason": "no rating in the reply", "text": reply.text if reply else ""})
        else:
            found.append(_Good(one.at, one.kind, one.think, one.text, worth))
    return found


def _weakened(
    passages: Sequence[Passage], kept: list[_Good], recipe: Recipe, chat: Strong, made: Made
) -> list[list[str]]:
    """Return weak versions of every good text, in its form; versions that lost the form are kept aside."""
    low, high = recipe.variants
    counts = [int(stream(recipe.seed, "weak", passages[one.at].id, one.kind).integers(low, high + 1)) for one in kept]
    talks = [_weakening(one.kind, one.text, count) for one, count in zip(kept, counts, strict=True)]
    weak: list[list[str]] = []
    for one, reply in zip(kept, chat.ask(talks, label="making weak"), strict=True):
        parts = [part.strip() for part in (reply.text if reply else "").split(BETWEEN)]
        fitting = [part for part in parts if part and KINDS[one.kind].fits(part)]
        for part in parts:
            if part not in fitting:
                where = {"passage": passages[one.at].id, "kind": one.kind, "stage": "degrade"}
                made.put_aside({**where, "reason": "the weak version lost its form", "text": part})
        weak.append(fitting)
    return weak


def _examples(passages: Sequence[Passage], kept: list[_Good], weak: list[list[str]], recipe: Recipe) -> list[Example]:
    """Return the examples: some joined with the same kind of text of a near passage, some misspelt."""
    place = {(one.at, one.kind): number for number, one in enumerate(kept)}
    found = []
    for number, one in enumerate(kept):
        rng = stream(recipe.seed, "harden", passages[one.at].id, one.kind)
        group = [number]
        near = [
            place[at, one.kind] for at in passages[one.at].near if (at, one.kind) in place and weak[place[at, one.kind]]
        ]
        if near and one.kind in offline.BOTH and rng.random() < recipe.merged:
            group.append(near[0])
        variants = [text for member in group for text in weak[member]]
        if not variants:
            continue
        noisy = bool(rng.random() < recipe.noisy)
        shown = [degrade.noise(text, rng) if noisy else text for text in variants]
        order: I64 = rng.permutation(len(shown)).astype(np.int64)
        example = Example(
            id=f"{one.kind}-{passages[one.at].id}",
            kind=one.kind,
            variants=tuple(shown[at] for at in order),
            think="\n".join(kept[member].think for member in group),
            answer=offline.joined(one.kind, [kept[member].text for member in group]),
            topics=tuple(passages[kept[member].at].id for member in group),
            noisy=noisy,
        )
        found.append(example)
    return found


def rating(kind: str, text: str) -> Talk:
    """Return the conversation that asks a judge for LM-Mixup's four ratings of a text."""
    question, answer = KINDS[kind].read(text) or ("", text)
    return messages(JUDGED["mixup"], question=question, answer=answer)


def overall(reply: str) -> float | None:
    """Return LM-Mixup's overall rating of a reply, compressed to 0 to 5; None where it holds none."""
    value = ratings(JUDGED["mixup"], reply)[JUDGED["mixup"].ratings.index("Overall")]
    return None if value is None else bayes.compressed(value)


def _weakening(kind: str, text: str, count: int) -> Talk:
    return [{"role": "user", "content": KINDS[kind].prompt("degrade", text=text, count=str(count))}]
