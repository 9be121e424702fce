"""Answers that stop where those of the same task do not: seen only beside their siblings."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from cuvee.arrays import U8, Bool

WORDS = 8  # from which an answer can be judged
LEAST = 20  # answers a task must have before it says anything
SHARE = 0.95  # of them must end with a stop
STOPS = tuple(".!?…。！？\"'”’)]}>*_`:;|")  # what a finished text may end with

LONG, OPEN, STOPPED = 1, 2, 4  # what ``endings`` says of an answer


def endings(responses: Sequence[str | None]) -> U8:
    """Return (n,) how each answer ends, which is all that ``unlike_siblings`` needs of it."""
    return np.array([_ending((text or "").rstrip()) for text in responses], dtype=np.uint8)


def _ending(text: str) -> int:
    return LONG * (text.count(" ") + 1 >= WORDS) + OPEN * text[-1:].isalpha() + STOPPED * text.endswith(STOPS)


def unlike_siblings(ends: U8, tasks: pa.ChunkedArray) -> Bool:
    """Return (n,) whether an answer ends with a letter although at least 95 % of its task's answers end with a stop.

    Answers of at least 8 words count, in tasks with at least 20 of them; rows without a task are never flagged. It sees
    the single sentence that was cut inside a word, which no rule on the text alone can tell from a title.
    """
    long = ends & LONG > 0
    coded = tasks.dictionary_encode().combine_chunks()  # not NumPy's text, each of which is as long as the longest
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64) + 1
    counts = np.bincount(codes, weights=long)
    ended = np.bincount(codes, weights=long & (ends & STOPPED > 0))
    strict = (counts >= LEAST) & (ended >= SHARE * counts)
    strict[:1] = False  # rows without a task
    strict[1:][[not name for name in coded.dictionary.to_pylist()][: len(strict) - 1]] = False
    flagged: Bool = long & (ends & OPEN > 0) & strict[codes]
    return flagged
