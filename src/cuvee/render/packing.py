"""Packing: rows of different lengths laid end to end into sequences of one length."""

from bisect import bisect_left, insort

import numpy as np

from cuvee.arrays import I64


def packed(lengths: I64, size: int) -> I64:
    """Return how full each sequence of ``size`` tokens is after best-fit decreasing: (sequences,), tokens.

    lengths: (n,) tokens of each row; what is longer than ``size`` is cut to it. Longest first, each row goes into the
    fullest sequence that still holds it (Johnson 1973; what trainers call bfd): at most 11/9 of the fewest sequences, and one.
    """
    sequences: list[int] = []
    spaces: list[int] = []  # different spaces left, ascending
    having: dict[int, list[int]] = {}  # space left -> sequences
    for length in np.sort(np.minimum(lengths[lengths > 0], size))[::-1].tolist():
        at = bisect_left(spaces, length)
        if at == len(spaces):
            number, left = len(sequences), size
            sequences.append(0)
        else:
            left = spaces[at]
            number = having[left].pop()
            if not having[left]:
                del having[left], spaces[at]
        sequences[number] += length
        rest = left - length
        if rest:
            if rest not in having:
                having[rest] = []
                insort(spaces, rest)
            having[rest].append(number)
    return np.array(sequences, dtype=np.int64)


def padding(lengths: I64, batch: int, seed: int = 0) -> float:
    """Return the share of tokens that are padding where rows are drawn in any order, ``batch`` at a time, each as long as its
    longest."""
    drawn = np.random.default_rng(seed).permutation(lengths[lengths > 0])
    if not len(drawn):
        return 0.0
    filled = np.append(drawn, np.zeros(-len(drawn) % batch, dtype=drawn.dtype)).reshape(-1, batch)
    sizes = np.minimum(np.full(len(filled), batch), len(drawn) - batch * np.arange(len(filled)))
    return float(1 - drawn.sum() / (filled.max(axis=1) * sizes).sum())
