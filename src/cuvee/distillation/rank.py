"""Rank: which new rows are taken, the rarest, and which original ones, the best."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cuvee import selectors
from cuvee.arrays import F32, F64, I64
from cuvee.distillation.ratings import Partition
from cuvee.intake.ground import CHOSEN_BY
from cuvee.samples.pool import Pool
from cuvee.scorers.rarity import rarity


def tails(rows: pa.Table, X: F32) -> dict[int, float]:
    """Return new row -> long-tail score: mean cosine distance to the 15 nearest new rows, min-max normalised."""
    if not rows.num_rows:
        return {}
    pool = Pool(rows.select(CHOSEN_BY), X)
    ranked = selectors.choose(pool, rows.num_rows, "long-tail", rng=np.random.default_rng(0))
    gains = np.nan_to_num(ranked.gains.astype(np.float64))
    low, high = float(gains.min()), float(gains.max())
    scaled = (gains - low) / (high - low) if high > low else np.ones(len(gains))
    return {int(row): float(value) for row, value in zip(ranked.rows, scaled, strict=True)}


@dataclass(frozen=True)
class Mix:
    """What the training set is made of. new: numbers of new rows, rarest first. best: rows of the pool, best first."""

    new: list[int]
    best: I64


def mix(rarities: dict[int, float], best: I64, k: int, share: float) -> Mix:
    """Take the asked share of new rows, the rarest; where good rows are too few, more new ones fill their place.

    rarities: new row -> its long-tail score. best: the good rows of the pool, best first.
    """
    n = len(rarities)
    asked = min(round(k * share), n)
    taken = best[: max(k - asked, 0)]
    asked = max(asked, min(n, k - len(taken)))
    return Mix(sorted(rarities, key=lambda at: (-rarities[at], at))[:asked], taken)


def best_first(pool: Pool, parts: Partition, ratings: F64) -> I64:
    """Return the good rows of the pool, best-rated first; of rows rated alike the rarer one."""
    rare = np.nan_to_num(rarity(pool).astype(np.float64))[parts.good]
    order = np.lexsort((parts.good, -rare, -ratings[parts.good]))
    found: I64 = parts.good[order]
    return found
