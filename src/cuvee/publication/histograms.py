"""Counts of rows of the pool and of the selection: by label, by length, by score."""

import numpy as np

from cuvee.arrays import F32, I64
from cuvee.result.measures import LabelBar, LengthBin

BARS = 20  # labels shown of a distribution
BINS = 24  # of the length distribution
SCORE_BINS = 20


def bars(codes: I64, labels: list[str], chosen: I64) -> list[LabelBar]:
    """Return rows of the pool and of the selection by label, the most frequent first, the rest as one."""
    pool = np.bincount(codes, minlength=len(labels))
    selection = np.bincount(codes[chosen], minlength=len(labels))
    order = np.argsort(-pool, kind="stable")
    rows: list[LabelBar] = [
        {"label": labels[at], "pool": int(pool[at]), "selection": int(selection[at])} for at in order[:BARS]
    ]
    if len(order) > BARS:
        rest = order[BARS:]
        label = f"{len(rest)} others"
        rows.append({"label": label, "pool": int(pool[rest].sum()), "selection": int(selection[rest].sum())})
    return rows


def score_bins(pool: F32, selection: F32) -> list[LengthBin]:
    """Return counts of the rows that have a score, over bins of equal width; of a single value one bin."""
    known = pool[np.isfinite(pool)]
    low, high = float(known.min()), float(known.max())
    edges = np.linspace(low, high, SCORE_BINS + 1) if high > low else np.array([low, low])
    before = np.histogram(known, edges)[0] if high > low else [len(known)]
    after = np.histogram(selection[np.isfinite(selection)], edges)[0] if high > low else [np.isfinite(selection).sum()]
    return [
        {"from": float(start), "to": float(end), "pool": int(b), "selection": int(a)}
        for start, end, b, a in zip(edges, edges[1:], before, after, strict=False)
    ]


def length_bins(pool: I64, selection: I64) -> list[LengthBin]:
    """Return counts over bins of equal width in log length (tokens)."""
    edges = np.unique(np.geomspace(1, max(int(pool.max()) + 1, 2), BINS + 1).round().astype(np.int64))
    before, after = np.histogram(pool, edges)[0], np.histogram(selection, edges)[0]
    return [
        {"from": int(low), "to": int(high), "pool": int(b), "selection": int(a)}
        for low, high, b, a in zip(edges, edges[1:], before, after, strict=False)
    ]
