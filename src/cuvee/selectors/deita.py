"""DEITA: quality first, and nothing that is too close to what was chosen."""

import numpy as np

from cuvee.arrays import F32, I64, Bool
from cuvee.errors import ConfigError
from cuvee.samples.pool import BarePool, Selection
from cuvee.scorers.duplicates import near
from cuvee.scorers.nearest import canonical
from cuvee.selectors import needs, order

RATED = "judge-complexity*judge-quality"
PROXY = "length*lexical-richness"  # against a strong model's ratings: AUC 0.385, worse than chance
SAMPLE = 2_000  # rows whose nearest neighbour is looked up to place the threshold
BLOCK = 1_024  # candidates compared at once
CHUNK = 4_096  # chosen rows compared at once


def deita(  # noqa: PLR0913 (each setting is an option of the method, under the name that users know)
    pool: BarePool,
    k: int,
    *,
    rng: np.random.Generator,
    score: str = RATED,
    quantile: float = 0.5,
    threshold: float | None = None,
) -> Selection:
    """Return k rows: best score first, a row skipped where its cosine to a chosen row is above a threshold.

    Score first, diversity aware (arXiv 2312.15685, where the threshold is 0.9). score: complexity x quality as a judge
    rates them, or other ratings of the user's: a name, or several joined by ``*``. quantile: the threshold is this
    quantile of the similarity of rows to their nearest other row, exact twins left out, from the 2,000 rows with the
    smallest content keys. At 0.5 a row is too close when it is closer to a chosen row than the typical row is to any
    other; about half of the scored rows pass whatever was chosen, so budgets below that need no fill-up. threshold: an
    absolute cosine instead.
    Where too few rows are left, the skipped ones fill up best first, then those without a score; the reason says so.
    Taken rows count as chosen. Gains are the scores. Raises SelectionError where vectors or the score are missing,
    ConfigError for a quantile or threshold out of range. ``rng`` is not used.
    """
    _check(quantile, threshold)
    k, X = needs.size(pool, k), needs.vectors(pool, "deita")
    values = needs.score(pool, score)
    goodness = needs.goodness(values, needs.higher_is_better(score))
    ranking = order.best_first(pool.free, goodness, order.ranks(pool))
    scored = ranking[: len(ranking) - int(np.isnan(values[ranking]).sum())]
    limit = _threshold(pool, X, quantile) if threshold is None else threshold
    kept = _spread(X, scored, k, limit=limit, taken=pool.taken)
    chosen = scored[kept]
    fill = np.concatenate([scored[~kept], ranking[len(scored) :]])[: k - len(chosen)]
    rows = np.concatenate([chosen, fill])
    return Selection(rows, values[rows], _reasons(values[rows], len(chosen), score, limit))


def deita_proxy(  # noqa: PLR0913 (each setting is an option of the method, under the name that users know)
    pool: BarePool,
    k: int,
    *,
    rng: np.random.Generator,
    score: str = PROXY,
    quantile: float = 0.5,
    threshold: float | None = None,
) -> Selection:
    """Return what ``deita`` returns by a score that nobody rated: for pools without ratings, and not DEITA."""
    return deita(pool, k, rng=rng, score=score, quantile=quantile, threshold=threshold)


def _check(quantile: float, threshold: float | None) -> None:
    if not 0 <= quantile <= 1:
        raise ConfigError(f"quantile must be in [0, 1], not {quantile}", "0.5 is the default")
    if threshold is not None and not -1 <= threshold <= 1:
        raise ConfigError(f"threshold must be a cosine in [-1, 1], not {threshold}", "or leave it out for the quantile")


def _threshold(pool: BarePool, X: F32, quantile: float) -> float:
    """Return the quantile of the exact nearest-neighbour similarities of the sampled rows."""
    asked = np.sort(canonical(pool)[:SAMPLE])
    queries, nearest = X[asked], np.full(len(asked), -np.inf, dtype=np.float32)
    for start in range(0, len(X), CHUNK):
        cosines = queries @ X[start : start + CHUNK].T
        mine = np.flatnonzero((asked >= start) & (asked < start + CHUNK))
        cosines[mine, asked[mine] - start] = -np.inf
        np.maximum(nearest, cosines.max(axis=1), out=nearest)
    return near(nearest, quantile)


def _spread(X: F32, candidates: I64, k: int, *, limit: float, taken: I64) -> Bool:
    """Return which candidates are kept, (len(candidates),) bool: the first k whose cosine to none kept is above limit.

    Candidates go in blocks: one product with the rows kept so far, one within the block. No n x n array.
    """
    kept = np.zeros(len(candidates), dtype=bool)
    members = [X[taken[start : start + CHUNK]] for start in range(0, len(taken), CHUNK)]
    room = k
    for start in range(0, len(candidates), BLOCK):
        if room == 0:
            break
        block = np.ascontiguousarray(X[candidates[start : start + BLOCK]])
        close = np.zeros(len(block), dtype=bool)
        for chunk in members:
            close |= (block @ chunk.T).max(axis=1, initial=-np.inf) > limit
        within = block @ block.T > limit
        for at in range(len(block)):
            if room and not close[at]:
                kept[start + at] = True
                room -= 1
                close |= within[at]
        _append(members, block[kept[start : start + len(block)]])
    return kept


def _append(members: list[F32], rows: F32) -> None:
    """Add rows to the last chunk while it has room, so that products stay few and large."""
    if members and len(members[-1]) + len(rows) <= CHUNK:
        members[-1] = np.concatenate([members[-1], rows])
    else:
        members.append(rows)


def _reasons(gains: F32, chosen: int, score: str, limit: float) -> list[str]:
    stand_in = "" if needs.rated(score) else " (a stand-in, nobody rated the rows)"
    good = f"high {score}{stand_in}, no chosen row closer than cosine {limit:.3f}"
    close = f"fill-up: a better row is closer than cosine {limit:.3f}"
    missing = f"fill-up: {score} could not be scored"
    return [good] * chosen + [missing if lost else close for lost in np.isnan(gains[chosen:])]
