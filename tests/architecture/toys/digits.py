"""How many digits stand in an answer: a score."""

import numpy as np

from cuvee.arrays import F32
from cuvee.samples.pool import BarePool
from cuvee.scorers import Scorer, seam


def digits(pool: BarePool) -> F32:
    """Return (n,) digits in the last answer; NaN where there is none."""
    counts = [
        np.nan if answer is None else sum(sign.isdigit() for sign in answer)
        for answers in seam.answers(pool, "digits")
        for answer in answers
    ]
    return np.array(counts, dtype=np.float32)


MEMBER = Scorer("digits", digits, higher_is_better=False, summary="digits in the answer")
