"""Whether a score can rank: nulls, ties, and how much of it is only length."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cuvee.arrays import F32, F64

MANY_NULLS = 0.2  # share of rows from which nulls are warned of
ONE_VALUE = 0.9  # share of rows with the same value from which a score hardly ranks
FEW = 4  # different values up to which a score of at least MANY rows hardly ranks
MANY = 50
LENGTH = 0.7  # rank correlation from which a score is mostly length: half of the variance of its ranks
CUT = 0.2  # share of rows that were cut from which it is warned of


@dataclass(frozen=True)
class Health:
    """One score's health.

    nulls, cut: shares of all n rows, cut is None where it is not known. distinct: different values; tied: share of the
    scored rows that have the most frequent one. length: Spearman's correlation with the answer's length, in [-1, 1],
    None where it has no meaning. warnings: one line each.
    """

    name: str
    nulls: float
    distinct: int
    tied: float | None
    length: float | None
    cut: float | None
    warnings: tuple[str, ...]


def table(scores: Mapping[str, F32], lengths: npt.ArrayLike, *, cut: Mapping[str, float] | None = None) -> list[Health]:
    """Return the health of every score, in order.

    scores: name -> (n,), NaN for null. lengths: (n,) of the answers, NaN where there is none. cut: name -> share of rows
    that were truncated, for the scores that know.
    """
    shares = cut or {}
    return [health(name, values, lengths, cut=shares.get(name)) for name, values in scores.items()]


def health(name: str, values: F32, lengths: npt.ArrayLike, *, cut: float | None = None) -> Health:
    """Return the health of one (n,) score; see ``Health`` and ``table``."""
    known = values[np.isfinite(values)]
    counts = np.unique(known, return_counts=True)[1]
    nulls = 1 - len(known) / len(values) if len(values) else 0.0
    tied = float(counts.max() / len(known)) if len(known) else None
    rho = None if name == "length" else spearman(values, lengths)  # length follows itself
    found = Health(name, nulls, len(counts), tied, rho, cut, ())
    return Health(name, nulls, len(counts), tied, rho, cut, tuple(_warnings(found, len(values), len(known))))


def spearman(a: npt.ArrayLike, b: npt.ArrayLike) -> float | None:
    """Return Spearman's rank correlation of two (n,) columns over the rows where both are finite, ties at mean rank.

    None with fewer than 3 such rows, or where either is constant.
    """
    one, two = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    both = np.isfinite(one) & np.isfinite(two)
    if both.sum() < 3:
        return None
    x, y = ranks(one[both]), ranks(two[both])
    x, y = x - x.mean(), y - y.mean()
    scale = np.sqrt((x @ x) * (y @ y))
    return float(np.clip(x @ y / scale, -1, 1)) if scale > 0 else None


def ranks(values: F64) -> F64:
    """Return (n,) ranks from 1, equal values at their mean rank."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    means: F64 = (last - (counts - 1) / 2)[place]
    return means


def _warnings(of: Health, n: int, known: int) -> list[str]:
    if not n:
        return []
    if not known:
        return [f"{of.name} is null for all rows: it cannot rank"]
    found = []
    if of.nulls >= MANY_NULLS:
        found.append(f"{of.name} is null for {of.nulls:.0%} of the rows: it ranks only the others")
    if of.distinct == 1:
        found.append(f"{of.name} is the same for all rows: it cannot rank" if known > 1 else f"{of.name} has one value")
    elif of.tied is not None and of.tied >= ONE_VALUE:
        found.append(f"{of.name} is the same for {of.tied:.0%} of the rows: it can hardly rank")
    elif known >= MANY and of.distinct <= FEW:
        found.append(f"{of.name} has only {of.distinct} different values: it can hardly rank")
    if of.length is not None and abs(of.length) >= LENGTH:
        low = "minus " if of.length < 0 else ""
        found.append(
            f"{of.name} follows {low}length (rank correlation {of.length:.2f}): choosing by it is choosing by length"
        )
    if of.cut is not None and of.cut >= CUT:
        found.append(f"{of.name} saw only a part of {of.cut:.0%} of the rows: they were too long")
    return found
