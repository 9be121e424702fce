"""Length of the answer, the simplest score that is hard to beat (arXiv 2402.04833: the longest 1,000 answers)."""

import numpy as np

from cuvee.arrays import F32
from cuvee.samples.pool import BarePool
from cuvee.scorers import seam


def length(pool: BarePool, *, batch: int = seam.BATCH) -> F32:
    """Return (n,) words in the last assistant turn: 0 for an empty answer, NaN where there is no answer.

    batch: rows whose texts are in memory at once; it does not change the result.
    Raises SelectionError where the pool has no messages.
    """
    from cuvee.scorers import words

    counts = [words.count(texts).cast(float).to_numpy() for texts in seam.answers(pool, "length", batch=batch)]
    return np.concatenate([np.empty(0), *counts]).astype(np.float32)
