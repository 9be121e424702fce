"""Scorers: samples -> one nullable number per row."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from cuvee import names
from cuvee.arrays import F32
from cuvee.scorers import judge, language
from cuvee.scorers.duplicates import duplicate_degree
from cuvee.scorers.length import length
from cuvee.scorers.margin import margin
from cuvee.scorers.rarity import rarity
from cuvee.scorers.richness import lexical_richness
from cuvee.scorers.seam import Scorer

_MEMBERS = (
    Scorer("length", length, True, "words in the answer"),
    Scorer("lexical-richness", lexical_richness, True, "how seldom the answer repeats its words, whatever its length"),
    Scorer("rarity", rarity, True, "mean cosine distance to the 15 nearest rows", needs_vectors=True),
    Scorer("duplicate-degree", duplicate_degree, False, "how many of the 15 nearest rows are near copies", True),
    Scorer("margin", margin, True, "of a preference pair: the chosen answer's score minus the other's"),
    Scorer(
        "loss", language.loss, False, "mean negative log-likelihood of the answer's tokens, in nats", needs_model=True
    ),
    Scorer("perplexity", language.perplexity, False, "exp of the loss", needs_model=True),
    Scorer(
        "ifd",
        language.ifd,
        True,
        "how little the prompt helps: loss with the prompt over that without (arXiv 2308.12032)",
        needs_model=True,
        most=1.0,
    ),
    Scorer(
        "ifd-ppl",
        language.ifd_ppl,
        True,
        "the same of perplexities: Superfiltering (arXiv 2402.00530)",
        needs_model=True,
        most=1.0,
    ),
    Scorer(
        "uncertainty-least-confidence",
        language.least_confidence,
        False,
        "mean of the answer's largest logits",
        needs_model=True,
    ),
    Scorer(
        "uncertainty-margin",
        language.margin,
        False,
        "mean gap between the answer's two largest logits",
        needs_model=True,
    ),
    Scorer(
        "uncertainty-entropy",
        language.entropy,
        True,
        "mean entropy of the answer's next tokens, in nats",
        needs_model=True,
    ),
    *judge.MEMBERS,
)

SCORERS: dict[str, Scorer] = {member.name: member for member in _MEMBERS}

__all__ = ["SCORERS", "Scorer", "find"]


def find(name: str) -> Scorer:
    """Return the scorer of this name, or what ``package.module:object`` names: a scorer, or a function of a pool.

    Such a function's score is better when higher. Raises ConfigError for an unknown name.
    """
    known: Mapping[str, Scorer | Callable[..., F32]] = SCORERS
    found = names.find(known, name, "score")
    return replace(found, name=name) if isinstance(found, Scorer) else Scorer(name, found, True, "a score of your own")
