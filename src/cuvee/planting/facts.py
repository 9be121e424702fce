"""Families that rest on word lists: classification, translation, order of steps, ideas, terms."""

import numpy as np

from cuvee.planting.tables import TABLES
from cuvee.planting.task import Task, pick, several

ASK_KIND = (
    "Sort these words into their kinds (animal, food, city, tool, instrument).",
    "For each word say what kind of thing it is: animal, food, city, tool or instrument.",
    "Label every item below as animal, food, city, tool or instrument.",
)


def classification(rng: np.random.Generator) -> Task:
    """Return four words of several kinds, and the kind of each, in the same order."""
    pairs = [(pick(rng, TABLES.kinds[kind]), kind) for kind in several(rng, sorted(TABLES.kinds), 4)]
    return Task(pick(rng, ASK_KIND), ", ".join(w for w, _ in pairs), "\n".join(f"{w}: {kind}" for w, kind in pairs))


def translation(rng: np.random.Generator) -> Task:
    """Return a short English sentence and its translation into French, German, Spanish or Italian."""
    language = pick(rng, sorted(TABLES.nouns))
    frame = pick(rng, sorted(TABLES.frames[language]))
    one, two = several(rng, sorted(TABLES.nouns[language]), 2)
    ask = pick(rng, ("Translate into {}.", "How do you say this in {}?", "Give the {} for the sentence below."))
    answer = TABLES.frames[language][frame].format(TABLES.nouns[language][one], TABLES.nouns[language][two])
    return Task(ask.format(language), frame.format(one, two) + ".", answer + ".")


def steps(rng: np.random.Generator) -> Task:
    """Return five of a procedure's six steps out of order, and the same five in order."""
    goal = pick(rng, sorted(TABLES.procedures))
    mixed = several(rng, TABLES.procedures[goal], 5)
    ordered = sorted(mixed, key=TABLES.procedures[goal].index)
    ask = pick(rng, ("Put these steps to {} in order.", "In which order do you {}?", "Sort the steps: how to {}."))
    return Task(ask.format(goal), "; ".join(mixed), "\n".join(f"{at}. {step}" for at, step in enumerate(ordered, 1)))
