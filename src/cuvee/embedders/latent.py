"""Latent axes of counted terms: what the rows of a pool have in common (latent semantic analysis: Deerwester et al., 1990)."""

from typing import TYPE_CHECKING

import numpy as np

from cuvee.arrays import F32
from cuvee.rng import stream

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def latent_axes(counts: "csr_array", axes: int, *, name: str, least: int = 1) -> F32:
    """Return (terms, up to ``axes``) float32: a row of ``counts`` times this is its place on the axes, widest first.

    counts: (n, terms) damped counts, such as 1 + ln(count). Terms weigh by their smooth idf, rows have length 1, and the axes
    are right singular vectors. name: of the random numbers. least: rows that a term must stand in to count.
    """
    n, terms = counts.shape
    frequency = np.bincount(counts.indices, minlength=terms)
    known = np.flatnonzero(frequency >= least)
    if not len(known):
        return np.zeros((terms, 0), dtype=np.float32)
    idf = (np.log((1 + n) / (1 + frequency[known])) + 1).astype(np.float32)
    found = _svd(_unit(counts[:, known].multiply(idf).tocsr()), min(axes, len(known)), name) * idf[:, None]
    whole = np.zeros((terms, found.shape[1]), dtype=np.float32)
    whole[known] = found
    return whole


def _unit(A: "csr_array") -> "csr_array":
    from sklearn.preprocessing import normalize

    return normalize(A)


def _svd(A: "csr_array", axes: int, name: str) -> F32:
    """Return the (terms, up to ``axes``) right singular vectors of A, largest first, without those of value zero.

    Randomised range finder with 2 power iterations (Halko, Martinsson and Tropp, 2011). The small factor is solved through
    its Gram matrix, in float64: a dense decomposition of all terms would cost ten times more.
    """
    random = stream(0, name).standard_normal((A.shape[1], min(axes + 10, *A.shape))).astype(np.float32)
    basis = np.linalg.qr(A @ random)[0]
    for _ in range(2):
        basis = np.linalg.qr(A @ (A.T @ basis))[0]
    small = (A.T @ basis).astype(np.float64)
    squares, rotation = np.linalg.eigh(small.T @ small)
    largest = np.argsort(-squares, kind="stable")[:axes]
    largest = largest[squares[largest] > 1e-9 * squares.max()]
    right = small @ rotation[:, largest] / np.sqrt(squares[largest])
    found: F32 = (right * np.sign(right[np.abs(right).argmax(axis=0), np.arange(len(largest))])).astype(np.float32)
    return found
