"""Good texts made weak by rule, so that a corpus needs no strong model: left out, blurred, cut, reworded, misspelt."""

import re

import numpy as np

SENTENCE = re.compile(r"(?<=[.!?])\s++(?=[^\s])|\n++")
NUMBER = re.compile(r"\b\d[\d,.]*\b")
VAGUE = ("some", "several", "a certain number of", "a few")
WORDS = {
    "because": "since",
    "therefore": "so",
    "however": "but",
    "important": "key",
    "use": "make use of",
    "show": "display",
    "large": "big",
    "small": "little",
    "begin": "start",
    "help": "aid",
    "many": "lots of",
    "create": "make",
    "also": "too",
    "need": "require",
    "example": "instance",
    "difficult": "hard",
    "provide": "give",
    "often": "frequently",
    "different": "various",
    "various": "different",
    "usually": "mostly",
    "quickly": "fast",
    "improve": "better",
    "people": "persons",
    "include": "contain",
    "good": "fine",
    "start": "begin",
    "make": "produce",
    "several": "a few",
}
REWORDED = re.compile(rf"\b({'|'.join(WORDS)})\b")
OPENINGS = ("", "Basically, ", "I think ", "In short: ", "Well, ")
TYPOS = 0.04  # share of words that noise hits


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, and its lines."""
    return [part for part in SENTENCE.split(text.strip()) if part.strip()]


def drop(text: str, rng: np.random.Generator) -> str:
    """Leave out about half of the sentences, at least one where there are two; what stays keeps its order."""
    parts = sentences(text)
    if len(parts) < 2:
        return shorten(text, rng)
    kept = np.flatnonzero(rng.random(len(parts)) < 0.5)
    if not len(kept) or len(kept) == len(parts):
        kept = np.array([int(rng.integers(len(parts)))])
    return " ".join(parts[at] for at in kept)


def blur(text: str, rng: np.random.Generator) -> str:
    """Put a vague word in the place of every number."""
    return NUMBER.sub(lambda _: VAGUE[int(rng.integers(len(VAGUE)))], text)


def shorten(text: str, rng: np.random.Generator) -> str:
    """Break off after a third to two thirds of the words, without a full stop."""
    words = text.split()
    return " ".join(words[: max(1, round(len(words) * rng.uniform(0.33, 0.67)))]).rstrip(".,;:!?")


def reword(text: str, rng: np.random.Generator) -> str:
    """Exchange common words for plainer ones, and begin loosely."""
    changed = REWORDED.sub(lambda found: WORDS[found[1]], text)
    opening = OPENINGS[int(rng.integers(len(OPENINGS)))]
    return opening + (changed[:1].lower() + changed[1:] if opening else changed)


def noise(text: str, rng: np.random.Generator, share: float = TYPOS) -> str:
    """Misspell some words: two letters exchanged, one doubled, or one lost. The kind's own marks are left alone."""
    return re.sub(r"[a-z]{4,}", lambda found: _typo(found[0], rng) if rng.random() < share else found[0], text)


def _typo(word: str, rng: np.random.Generator) -> str:
    at = int(rng.integers(1, len(word) - 1))
    how = int(rng.integers(3))
    if how == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + word[at] + word[at:] if how == 1 else word[:at] + word[at + 1 :]


RULES = {"drop": drop, "blur": blur, "shorten": shorten, "reword": reword}


def weaken(text: str, rng: np.random.Generator) -> str:
    """Return a weak version of a text, by one to three rules that change it; the text itself where none does."""
    weak = text
    for name in rng.permutation(list(RULES))[: int(rng.integers(1, 4))]:
        weak = RULES[str(name)](weak, rng)
    return weak if weak != text else drop(text, rng)


def kept(weak: str, text: str) -> float:
    """Return the share of a text's different words that its weak version still has, 0 to 1."""
    words, left = set(text.lower().split()), set(weak.lower().split())
    return len(words & left) / max(1, len(words))
