"""Whitening: the leading directions of a space, made equally wide; and what a space has from other numbers, taken out."""

import numpy as np

from cuvee.arrays import F32, F64
from cuvee.geometry.distances import blocks

ROWS = 16_384


def whiten(X: F32, dim: int) -> F32:
    """Return (n, min(dim, d)) float32 unit rows: centred, rotated to the principal axes, each scaled to variance 1.

    X: (n, d), n of at least 2. A model's hidden states vary mostly along a few axes; without this they decide every
    distance. Axes whose variance is nothing beside the first (1e-10) are left at 0. Before the rows are scaled to length 1
    their covariance is the identity. PCA whitening (Kessy, Lewin, Strimmer 2018). Memory beside X is that of the result.
    """
    mean = X.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((X.shape[1], X.shape[1]))
    for rows in blocks(len(X), ROWS):
        centred = X[rows].astype(np.float64) - mean
        covariance += centred.T @ centred
    values, axes = np.linalg.eigh(covariance / max(len(X) - 1, 1))
    values, axes = values[::-1][:dim], axes[:, ::-1][:, :dim]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])  # one sign on every machine
    scale = np.where(values > 1e-10 * max(values[0], 1e-300), 1 / np.sqrt(np.maximum(values, 1e-300)), 0.0)
    white = np.empty((len(X), len(values)), dtype=np.float32)
    for rows in blocks(len(X), ROWS):
        white[rows] = (X[rows] - mean) @ (axes * scale)
    return unit(white)


def residual(X: F32, columns: F64) -> F32:
    """Return (n, d) float32: X without what is linear in ``columns`` (n, c); the mean of every coordinate stays.

    Least squares, coordinate by coordinate (Frisch, Waugh, Lovell): what is left correlates with no column. A constant
    column, or one that others make up, changes nothing.
    """
    apart = columns - columns.mean(axis=0)
    shared = np.zeros((columns.shape[1], X.shape[1]))
    for rows in blocks(len(X), ROWS):
        shared += apart[rows].T @ X[rows]
    slopes = np.linalg.pinv(apart.T @ apart, rcond=1e-10, hermitian=True) @ shared
    left = np.empty(X.shape, dtype=np.float32)
    for rows in blocks(len(X), ROWS):
        left[rows] = X[rows] - apart[rows] @ slopes
    return left


def unit(X: F32) -> F32:
    """Return the rows at length 1; a row of zeros stays."""
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    rows: F32 = (X / np.maximum(lengths, 1e-12)).astype(np.float32)
    return rows
