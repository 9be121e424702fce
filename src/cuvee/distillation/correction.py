"""Errors of a rater, told from neighbours that disagree, and ratings put right (DS2, arXiv 2410.10877).

A row and its two nearest neighbours are taken to be worth the same. With prior p over true classes and T[a, b] = chance that
a row of true class a is rated b, how often one, two and three such rows are rated alike is known from p and T: both are
fitted to what is counted (high-order consensus, Zhu et al., 2021).
"""

import numpy as np

from cuvee.arrays import F32, F64, I64
from cuvee.distiller.bayes import CLASSES, classes_of, expected
from cuvee.geometry.neighbours import neighbours

LEAN = 3.0  # where the fit starts: a rater who is mostly right
PULL = 1e-3  # keeps rows of T that nothing is known of near that start


def fitted(classes: I64, near: I64) -> tuple[F64, F64]:
    """Return (6,) p and (6, 6) T, rows summing to 1. classes: (n,). near: (n, 2) the neighbours of each row."""
    from scipy.optimize import minimize

    triple = np.zeros((CLASSES,) * 3)
    np.add.at(triple, (classes, classes[near[:, 0]], classes[near[:, 1]]), 1 / len(classes))
    start = np.concatenate([np.zeros(CLASSES), (LEAN * np.eye(CLASSES)).ravel()])

    def off(x: F64) -> float:
        p, T = _chances(x)
        three = np.einsum("a,ai,aj,ak->ijk", p, T, T, T)
        gap = [three - triple, three.sum(axis=2) - triple.sum(axis=2), three.sum(axis=(1, 2)) - triple.sum(axis=(1, 2))]
        return float(sum(np.square(part).sum() for part in gap) + PULL * np.square(x - start).mean())

    return _chances(minimize(off, start, method="L-BFGS-B").x)


def corrected(X: F32, ratings: F64) -> tuple[F64, F64]:
    """Return (n,) ratings put right, and (6, 6) T. X: (n, d) unit rows. ratings: (n,) 0 to 5, NaN stays NaN.

    The new rating is the expected true class, given the row's own rating and those of its two nearest rated rows. Fewer than
    three rated rows are returned as they are, with T the identity.
    """
    known = np.flatnonzero(np.isfinite(ratings))
    values = ratings.copy()
    if len(known) < 3:
        return values, np.eye(CLASSES)
    classes = classes_of(ratings[known])
    near, _ = neighbours(X[known], 2)
    p, T = fitted(classes, near)
    logs = np.log(p) + np.log(T)[:, classes].T + np.log(T)[:, classes[near]].sum(axis=2).T
    chances = np.exp(logs - logs.max(axis=1, keepdims=True))
    values[known] = expected(chances / chances.sum(axis=1, keepdims=True))
    return values, T


def _chances(x: F64) -> tuple[F64, F64]:
    p, T = np.exp(x[:CLASSES]), np.exp(x[CLASSES:].reshape(CLASSES, CLASSES))
    return p / p.sum(), T / T.sum(axis=1, keepdims=True)
