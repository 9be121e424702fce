"""The words that the sample pool is made of, and the evaluation questions: ``tables.json``, all texts ours.

Each question says something of its own, so that a row is near one only where the question leaked.
"""

from dataclasses import dataclass
from importlib import resources

from pydantic import TypeAdapter

Words = tuple[str, ...]
Triples = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Tables:
    """What ``tables.json`` holds. Entries are drawn by their position, so their order decides the bytes of a pool."""

    # word problems, units, code
    names: Words
    goods: Words
    places: Words
    units: tuple[tuple[str, str, int], ...]  # big unit, small unit, how many small in one big
    tests: Triples  # part of a name, words, a Python test
    changes: Triples  # part of a name, words, a Python expression of n
    reductions: Triples  # part of a name, words, a Python call
    # reviews, news, messages, grammar
    products: Words
    praise: Words
    complaints: Words
    openings: Words
    towns: Words
    projects: Triples  # what, why, who gains
    details: Words
    months: Words
    subjects: tuple[tuple[str, str], ...]  # singular, plural
    where: Words
    # kinds, translation, steps, ideas, terms
    kinds: dict[str, Words]
    nouns: dict[str, dict[str, str]]  # language -> English -> the noun with its indefinite article
    frames: dict[str, dict[str, str]]  # language -> the same frames in every language; all take a direct object
    procedures: dict[str, Words]
    ideas: dict[str, Words]
    terms: dict[str, str]
    swaps: dict[str, str]  # words that can be exchanged without a change of meaning or answer
    questions: tuple[tuple[str, str], ...]  # of the evaluation file, each with its answer


TABLES = TypeAdapter(Tables).validate_json(
    resources.files("cuvee.planting").joinpath("tables.json").read_text(encoding="utf-8")
)
