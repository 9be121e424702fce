"""How many standard errors an interval must span: from Student's t for runs, from a bootstrap for questions.

Three or five runs have too few different resamples for a bootstrap (three have ten), so their part follows Student's law with
the runs' own degrees of freedom. Questions are many and seldom normal: they are resampled, task by task, those that move
together as one.
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

    2 n / (kurtosis - 1 + 2 / (n - 1)), n - strata at most: n - 1 for n draws of normal values, few where few differ at all or
    a few large clusters rule.
    """
    u = questions.deviations(X)
    n, most = len(u), max(1, len(u) - len(questions.strata))
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
    deviations = questions.deviations(X)
    for clusters in questions.strata:
        n = len(clusters)
        sample = deviations[clusters][rng.integers(n, size=(draws, n))]
        shift += sample.sum(axis=1)
        variance += n * sample.var(axis=1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        T: F64 = np.abs(shift) / np.sqrt(variance)
    return np.where(np.abs(shift) > 0, T, 0.0)
