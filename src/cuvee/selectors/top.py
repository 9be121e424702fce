"""Top: the best rows by one score."""

import numpy as np

from cuvee.samples.pool import BarePool, Selection
from cuvee.selectors import needs, order


def top(  # noqa: PLR0913 (each setting is an option of the method, under the name that users know)
    pool: BarePool,
    k: int,
    *,
    rng: np.random.Generator,
    score: str = "length",
    lowest: bool | None = None,
    unfit: bool = False,
) -> Selection:
    """Return the k rows with the best score; rows without one come last, ties go by content key.

    score: a name, or several joined by ``*`` for their product. lowest: take the lowest first; None: as the scorer
    says, highest for a score of the user's own. unfit: take also rows that the score itself says are unfit (ifd above 1:
    question and answer do not belong together); else these are left out, even where fewer than k rows remain. Gains
    are the scores, NaN where a row has none. Raises SelectionError for an unknown score. ``rng`` is not used.
    """
    k = needs.size(pool, k)
    values = needs.score(pool, score)
    higher = needs.higher_is_better(score) if lowest is None else not lowest
    free = pool.free if unfit else pool.free[~needs.unfit(pool, score)[pool.free]]
    rows = order.best_first(free, needs.goodness(values, higher), order.ranks(pool))[:k]
    said = f"{'highest' if higher else 'lowest'} {score}", f"last: {score} could not be scored"
    return Selection(rows, values[rows], [said[int(missing)] for missing in np.isnan(values[rows])])
