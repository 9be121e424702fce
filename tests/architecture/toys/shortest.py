"""The shortest conversations first: a selector."""

import numpy as np

from cuvee import render
from cuvee.samples.pool import BarePool, Selection
from cuvee.selectors import Selector, order


def shortest(pool: BarePool, k: int, *, rng: np.random.Generator) -> Selection:
    """Return the k rows with the fewest characters, ties by content. ``rng`` is not used."""
    lengths = np.array([len(text) for text in render.plain_column(pool.table["messages"])], dtype=np.float64)
    rows = order.best_first(pool.free, -lengths, order.ranks(pool))[:k]
    return Selection(rows, lengths[rows].astype(np.float32), ["among the shortest"])


MEMBER = Selector("shortest", shortest, "the shortest rows first", "characters of the conversation", "a toy")
