"""What selectors ask of a pool, and what they say when it is not there."""

import math
from collections.abc import Callable

import numpy as np

from cuvee import names
from cuvee.arrays import F32, F64, Bool
from cuvee.errors import ConfigError, SelectionError
from cuvee.samples.pool import BarePool
from cuvee.scorers import SCORERS, Scorer, find
from cuvee.scorers.seam import vectors as vectors


def size(pool: BarePool, k: int) -> int:
    """Return min(k, free rows). Raises SelectionError where k is negative."""
    if k < 0:
        raise SelectionError(f"cannot choose {k} rows", "ask for 0 or more")
    return min(k, len(pool.free))


def factors(score: str) -> list[str]:
    """Return the names in a score: one, or several joined by ``*``."""
    return [name.strip() for name in score.split("*")]


def score(pool: BarePool, wanted: str) -> F32:
    """Return (n,) the score ``wanted``, or the product of several joined by ``*``; NaN where any is.

    A score that the pool lacks is computed where cuvee has a scorer of that name (or it is ``package.module:function``).
    Raises SelectionError for an unknown score, and for a product with a score that is negative or better when low: it
    has no direction.
    """
    named = factors(wanted)
    if len(named) == 1:
        return _one(pool, named[0])
    for name in named:
        if not higher_is_better(name):
            raise SelectionError(f"{wanted!r} has no direction: {name!r} is better when low", "multiply other scores")
    columns = [_one(pool, name) for name in named]
    for name, column in zip(named, columns, strict=True):
        if bool((column < 0).any()):
            raise SelectionError(f"{wanted!r} has no direction: {name!r} is negative", "multiply positive scores")
    return np.asarray(math.prod(column.astype(np.float64) for column in columns)).astype(np.float32)


def higher_is_better(wanted: str) -> bool:
    """Return the direction of a score: that of its scorer; a function or a column of the user's own is better when higher."""
    name = factors(wanted)[0]
    return find(name).higher_is_better if name in SCORERS or ":" in name else True


def rated(wanted: str) -> bool:
    """Return whether a score holds a rating: a judge's, or a column or function of the user's own."""
    known = [SCORERS.get(name) for name in factors(wanted)]
    return any(scorer is None or scorer.asks for scorer in known)


def unfit(pool: BarePool, wanted: str) -> Bool:
    """Return (n,) whether a score in ``wanted`` says of itself that the row is unfit (``Scorer.most``)."""
    found = np.zeros(len(pool), dtype=bool)
    for name in factors(wanted):
        known = SCORERS.get(name)
        if known is not None and known.most is not None:
            found |= _one(pool, name) > known.most
    return found


def goodness(values: F32, higher: bool) -> F64:
    """Return the values so that higher is better."""
    return values.astype(np.float64) if higher else -values.astype(np.float64)


def _one(pool: BarePool, name: str) -> F32:
    known: dict[str, Scorer | Callable[[BarePool], F32]] = {**SCORERS, **{own: _stored(own) for own in pool.scores}}
    try:
        found = names.find(known, name, "score")
    except ConfigError as unknown:
        have = ", ".join(sorted(pool.scores)) or "none"
        can = ", ".join(sorted(SCORERS))
        raise SelectionError(
            f"{unknown.message}; the pool has: {have}; cuvee can make: {can}", unknown.hint
        ) from unknown
    if isinstance(found, Scorer) and found.needs_model:
        raise SelectionError(f"{name} is a language model's score and the pool has none", "score the pool first")
    return found.function(pool) if isinstance(found, Scorer) else found(pool)


def _stored(name: str) -> Callable[[BarePool], F32]:
    return lambda pool: np.asarray(pool.scores[name], dtype=np.float32)
