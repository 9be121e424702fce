"""How many standard errors an interval must span: from Student's t for runs, from a bootstrap for questions.

Three or five runs have too few different resamples for a bootstrap (three have ten), so their part follows Student's law with
the runs' own degrees of freedom. Questions are many and seldom normal: they are resampled, task by task.
"""

import numpy as np

from cuvee.arrays import F64
from cuvee.statistics.results import Questions

CHUNK = 4_000_000  # values held at once while resampling


def student(tail: float, freedom: float) -> float:
    """Return the t that is passed upwards with probability ``tail``."""
    from scipy.special import stdtrit  # many times quicker than scipy.stats

    return float(-stdtrit(freedom, tail))


def of_questions(X: F64, questions: Questions, tails: F64, draws: int, rng: np.random.Generator) -> F64:
    """Return (a,) half-widths in standard errors for the weighted means of (q, a) differences.

    tails: (a,) probability of one side. The quantile of |T*| of the bootstrap-t, symmetric (Hall 1988), with questions drawn
    anew within their tasks; never less than Student's t with as many degrees of freedom as the kurtosis leaves.
    """
    floor = np.array([student(tail, freedom) for tail, freedom in zip(tails, freedoms(X, questions), strict=True)])
    T = np.concatenate([_resampled(X, questions, size, rng) for size in _sizes(draws, X)])
    drawn = np.array([np.quantile(T[:, at], 1 - 2 * tail, method="higher") for at, tail in enumerate(tails)])
    return np.where(np.isfinite(drawn), np.maximum(drawn, floor), floor)


def freedoms(X: F64, questions: Questions) -> F64:
    """Return (a,) degrees of freedom of the variance of each column's mean (Satterthwaite 1946, with the kurtosis).

    2 n / (kurtosis - 1 + 2 / (n - 1)), n - tasks at most: n - 1 for normal values, few where few questions differ at all.
    """
    u = np.zeros_like(X)
    for group in questions.groups:
        u[group] = questions.weights[group, None] * (X[group] - X[group].mean(axis=0))
    n, most = len(X), len(X) - len(questions.groups)
    second, fourth = (u**2).sum(axis=0), (u**4).sum(axis=0)
    kurtosis = n * fourth / np.where(second > 0, second, 1.0) ** 2
    with np.errstate(divide="ignore"):
        freedom = 2 * n / np.maximum(kurtosis - 1 + 2 / (n - 1), 1e-12)
    return np.where(second > 0, np.clip(freedom, 1.0, most), most)


def _sizes(draws: int, X: F64) -> list[int]:
    at_once = max(1, min(draws, CHUNK // X.size))
    return [at_once] * (draws // at_once) + ([draws % at_once] if draws % at_once else [])


def _resampled(X: F64, questions: Questions, draws: int, rng: np.random.Generator) -> F64:
    """Return (draws, a) |T*|; infinite where a resample has no spread left but another mean, 0 where it has the same."""
    shift, variance = np.zeros((2, draws, X.shape[1]))
    for group in questions.groups:
        weights = questions.weights[group]
        centred = X[group] - X[group].mean(axis=0)
        sample = centred[rng.integers(len(group), size=(draws, len(group)))]
        shift += np.einsum("bna,n->ba", sample, weights)
        variance += (weights**2).sum() * sample.var(axis=1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        T: F64 = np.abs(shift) / np.sqrt(variance)
    return np.where(np.abs(shift) > 0, T, 0.0)
