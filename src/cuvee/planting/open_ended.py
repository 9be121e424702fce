"""Families with more than one good answer: ideas, and terms explained and told apart."""

import numpy as np

from cuvee.planting.tables import TABLES
from cuvee.planting.task import Task, pick, several


def ideas(rng: np.random.Generator) -> Task:
    """Return a wish for three ideas on a theme, and three of them."""
    theme = pick(rng, sorted(TABLES.ideas))
    ask = pick(rng, ("List three ideas for {}.", "Give me three suggestions for {}.", "Brainstorm {}: three points."))
    chosen = several(rng, TABLES.ideas[theme], 3)
    return Task(ask.format(theme), "", "\n".join(f"- {idea[0].upper()}{idea[1:]}." for idea in chosen))


def terms(rng: np.random.Generator) -> Task:
    """Return a question that asks what two terms mean, and both definitions."""
    one, two = several(rng, sorted(TABLES.terms), 2)
    ask = pick(rng, ("Explain {} and {} in plain words.", "What is meant by {} and by {}?", "Tell {} and {} apart."))
    said = [f"{term[0].upper()}{term[1:]} is {TABLES.terms[term]}." for term in (one, two)]
    return Task(ask.format(one, two), "", " ".join(said))
