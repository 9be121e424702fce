"""How alike two texts are, as the generator checks it; and a subset of texts without near duplicates."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence

Grams = frozenset[tuple[str, ...]]


def normal(text: str) -> str:
    """Return the text after NFKC and lower case, with every run of white space made one blank."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def grams(text: str) -> Grams:
    """Return the word 3-grams of the normalised text (a shorter text is one gram); words are runs of letters and digits."""
    words = re.findall(r"\w+", normal(text))
    return frozenset(zip(words, words[1:], words[2:], strict=False)) or frozenset([tuple(words)])


def jaccard(one: Grams, two: Grams) -> float:
    """Return shared grams / all grams, in [0, 1]: 1 for equal sets."""
    shared = len(one & two)
    return shared / (len(one) + len(two) - shared)


def distinct(texts: Sequence[str], below: float) -> list[int]:
    """Return the positions, ascending, of texts whose Jaccard similarity to every earlier kept text is under ``below``.

    Two sets as alike as ``below`` share a gram among the rarest (1 - below) n + 1 of each (prefix filtering, Bayardo
    et al. 2007), so only texts that meet there are compared.
    """
    sets = [grams(text) for text in texts]
    counts = Counter(gram for each in sets for gram in each)
    kept: list[int] = []
    meeting: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for at, each in enumerate(sets):
        rarest = sorted(each, key=lambda gram: (counts[gram], gram))[: int((1 - below) * len(each)) + 1]
        others = {other for gram in rarest for other in meeting[gram]}
        if all(jaccard(each, sets[other]) < below for other in others):
            kept.append(at)
            for gram in rarest:
                meeting[gram].append(at)
    return kept
