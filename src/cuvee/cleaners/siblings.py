"""Answers that stop where those of the same task do not: seen only beside their siblings."""

from collections.abc import Sequence

import numpy as np

from cuvee.arrays import Bool

WORDS = 8  # from which an answer can be judged
LEAST = 20  # answers a task must have before it says anything
SHARE = 0.95  # of them must end with a stop
STOPS = tuple(".!?…。！？\"'”’)]}>*_`:;|")  # what a finished text may end with


def unlike_siblings(responses: Sequence[str | None], tasks: Sequence[str | None]) -> Bool:
    """Return (n,) whether an answer ends with a letter although at least 95 % of its task's answers end with a stop.

    Answers of at least 8 words count, in tasks with at least 20 of them; rows without a task are never flagged. It sees
    the single sentence that was cut inside a word, which no rule on the text alone can tell from a title.
    """
    texts = [(text or "").rstrip() for text in responses]
    long = np.array([text.count(" ") + 1 >= WORDS for text in texts], dtype=bool)
    open_end = np.array([text[-1:].isalpha() for text in texts], dtype=bool) & long
    stopped = np.array([text.endswith(STOPS) for text in texts], dtype=bool) & long
    names = np.array(["" if task is None else task for task in tasks])
    groups, codes = np.unique(names, return_inverse=True)
    counts = np.bincount(codes, weights=long, minlength=len(groups))
    ended = np.bincount(codes, weights=stopped, minlength=len(groups))
    strict = (counts >= LEAST) & (ended >= SHARE * counts) & (groups != "")
    flagged: Bool = open_end & strict[codes]
    return flagged
