"""Lexical richness of the answer: how seldom it repeats its words, whatever its length."""

import numpy as np

from cuvee.arrays import F32, F64, I64
from cuvee.samples.pool import BarePool
from cuvee.scorers import seam

WINDOW = 50
FEWEST = 10  # words; below that nearly every text has no repeated word, which says nothing about it


def lexical_richness(pool: BarePool, *, window: int = WINDOW, fewest: int = FEWEST, batch: int = seam.BATCH) -> F32:
    """Return (n,) moving-average type-token ratios in (0, 1] of the last assistant turn, lower-cased.

    The mean, over all runs of ``window`` consecutive words, of different words / words (Covington and McFall 2010);
    a text of at most ``window`` words is one run. NaN where there is no answer or fewer than ``fewest`` words.
    batch: rows whose texts are in memory at once; it does not change the result.
    Raises SelectionError where the pool has no messages.
    """
    from cuvee.scorers import words

    parts: list[F64] = []
    for texts in seam.answers(pool, "lexical-richness", batch=batch):
        lists = words.split(texts)
        counts = lists.list.len().fill_null(0).to_numpy().astype(np.int64)
        flat = lists.explode(empty_as_null=False, keep_nulls=False).cast(str)
        codes = flat.rank("dense").to_numpy().astype(np.int64)
        ratios = _moving_ratio(codes, counts, window)
        parts.append(np.where(counts >= fewest, ratios, np.nan))
    return np.concatenate([np.empty(0), *parts]).astype(np.float32)


def _moving_ratio(codes: I64, counts: I64, window: int) -> F64:
    """Return each text's moving-average type-token ratio; NaN where it has no words.

    codes: the words of all texts, one after another; counts: words per text. No loop over windows: a word is the
    first of its kind in a window exactly when the window starts after its previous occurrence, so each word adds
    the number of such windows, and the sum over words is the sum over windows of their different words.
    """
    text = np.repeat(np.arange(len(counts)), counts)
    position = np.arange(len(codes)) - np.repeat(np.cumsum(counts) - counts, counts)
    previous = _previous(codes, text, position)
    last_start = np.maximum(counts - window, 0)[text]
    earliest = np.maximum(np.maximum(position - window, previous) + 1, 0)
    first_in = np.maximum(np.minimum(position, last_start) - earliest + 1, 0)
    different = np.bincount(text, weights=first_in, minlength=len(counts))
    runs = np.maximum(counts - window, 0) + 1
    size = np.minimum(counts, window)
    ratios: F64 = np.divide(different, runs * size, out=np.full(len(counts), np.nan), where=size > 0)
    return ratios


def _previous(codes: I64, text: I64, position: I64) -> I64:
    """Return where in its text each word stood before: -1 where it had not."""
    order = np.lexsort((position, codes, text))
    same = (np.diff(codes[order]) == 0) & (np.diff(text[order]) == 0)
    previous = np.full(len(codes), -1, dtype=np.int64)
    previous[order[1:][same]] = position[order[:-1][same]]
    return previous
