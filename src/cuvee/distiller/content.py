"""What a text says, by its content words: what a merged text covers of its sources, what it invents, what it says twice."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

WORD = re.compile(r"\d[\d.,]*\d|[^\W_]+")
SENTENCE = re.compile(r"[.!?](?=\s|$)|\n")
EMPTY = frozenset(
    """
    the and for are was were that this these those with from which what when where who whom why how has have had does did not
    but you your our their his her its they them then than there here will would can could should may might must about into
    over under out off all any some such other also more most very just only own same too been being both each few
    """.split()  # noqa: SIM905  a list of quoted words is harder to read
)
"""Words that carry no content, beside those of one or two letters."""


def content(text: str) -> frozenset[str]:
    """Return the different content words of a text: numbers, and words of three letters or more that mean something."""
    words = (word.lower() for word in WORD.findall(text))
    return frozenset(word for word in words if word[0].isdigit() or (len(word) > 2 and word not in EMPTY))


@dataclass(frozen=True)
class Merit:
    """How a merged text stands to its sources, each from 0 to 1.

    coverage: share of the sources' content that it has. invention: share of its own content that none of them has.
    repetition: share of its sentences that it has said before.
    """

    coverage: float
    invention: float
    repetition: float

    @property
    def worth(self) -> float:
        """Return coverage * (1 - invention) * (1 - repetition), 0 to 1."""
        return self.coverage * (1 - self.invention) * (1 - self.repetition)


def merit(text: str, sources: Sequence[str], reference: str | None = None) -> Merit:
    """Return how a text stands to what it was merged from.

    reference: a good text of the same content, where there is one. Then only what it has too must be covered, so that a slip in
    a source need not be kept; and what it has is not invented, so that a slip may be put right. Sources without content are
    covered, and a text without content invents nothing.
    """
    said, known = content(text), frozenset().union(*map(content, sources))
    right = content(reference) if reference is not None else None
    wanted, allowed = (known, known) if right is None else (known & right, known | right)
    return Merit(
        coverage=len(said & wanted) / len(wanted) if wanted else 1.0,
        invention=len(said - allowed) / len(said) if said else 0.0,
        repetition=_repeated(text),
    )


def _repeated(text: str) -> float:
    lines = (" ".join(part.split()).lower() for part in SENTENCE.split(text))
    sentences = [line for line in lines if line]
    return 1 - len(set(sentences)) / len(sentences) if sentences else 0.0
