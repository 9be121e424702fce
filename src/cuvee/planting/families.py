"""The twelve task families of the sample pool, the largest first. All texts are ours; answers hold by construction."""

from typing import NamedTuple

from cuvee.planting.facts import classification, steps, translation
from cuvee.planting.numbers import code, conversion, word_problem
from cuvee.planting.open_ended import ideas, terms
from cuvee.planting.passages import extraction, grammar, sentiment, summary
from cuvee.planting.task import Make

IMBALANCE = 30.0  # largest family / smallest family, in rows


class Family(NamedTuple):
    """How rows of a task are made. ``one_answer``: another row's different answer is certainly wrong."""

    make: Make
    one_answer: bool = True


FAMILIES: dict[str, Family] = {
    "word-problem": Family(word_problem),
    "sentiment": Family(sentiment),
    "summary": Family(summary),
    "extraction": Family(extraction),
    "conversion": Family(conversion),
    "code": Family(code),
    "grammar": Family(grammar),
    "classification": Family(classification),
    "translation": Family(translation),
    "steps": Family(steps),
    "ideas": Family(ideas, one_answer=False),
    "terms": Family(terms, one_answer=False),
}


def sizes(rows: int) -> dict[str, int]:
    """Return family -> rows, falling geometrically by IMBALANCE from the first to the last, ``rows`` in sum.

    The last unit of each share goes to the largest remainders. A family has at least one row where rows >= 12.
    """
    last = len(FAMILIES) - 1
    weights = [IMBALANCE ** (-at / last) for at in range(len(FAMILIES))]
    spare = rows - len(FAMILIES)
    exact = [spare * weight / sum(weights) for weight in weights]
    counts = [1 + int(share) for share in exact]
    by_rest = sorted(range(len(FAMILIES)), key=lambda at: int(exact[at]) - exact[at])
    for at in by_rest[: rows - sum(counts)]:
        counts[at] += 1
    return dict(zip(FAMILIES, counts, strict=True))
