"""Scorers: samples -> one nullable number per row. None of these asks a language model."""

from cuvee.scorers.duplicates import duplicate_degree
from cuvee.scorers.length import length
from cuvee.scorers.rarity import rarity
from cuvee.scorers.richness import lexical_richness
from cuvee.scorers.seam import Scorer

_MEMBERS = (
    Scorer("length", length, True, "words in the answer"),
    Scorer("lexical-richness", lexical_richness, True, "how seldom the answer repeats its words, whatever its length"),
    Scorer("rarity", rarity, True, "mean cosine distance to the 15 nearest rows", needs_vectors=True),
    Scorer("duplicate-degree", duplicate_degree, False, "how many of the 15 nearest rows are near copies", True),
)

SCORERS: dict[str, Scorer] = {member.name: member for member in _MEMBERS}

__all__ = ["SCORERS", "Scorer"]
