"""Rating errors: the transition matrix is found again, and ratings are put right more often than wrong."""

import numpy as np

from cuvee.distillation.correction import corrected, fitted


def test_errors_of_a_known_rater_are_found_and_put_right() -> None:
    rng = np.random.default_rng(0)
    truth = rng.choice([1, 3, 5], size=900, p=[0.3, 0.3, 0.4]).repeat(3)
    T = np.eye(6)
    T[5, 5], T[5, 3] = 0.75, 0.25
    T[1, 1], T[1, 2] = 0.8, 0.2
    given = np.array([rng.choice(6, p=T[a]) for a in truth])
    centres = rng.standard_normal((900, 24)).repeat(3, axis=0)
    X = (centres + 0.05 * rng.standard_normal(centres.shape)).astype(np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    values, found = corrected(X, given.astype(np.float64))
    assert abs(found[5, 3] - 0.25) < 0.1 and abs(found[1, 2] - 0.2) < 0.1
    before, after = np.abs(given - truth), np.abs(values - truth)
    assert after.mean() < 0.7 * before.mean()
    assert (values[given == 5] > 4).mean() > 0.95


def test_few_ratings_and_missing_ones_are_left_alone() -> None:
    values, T = corrected(np.eye(3, dtype=np.float32), np.array([5.0, np.nan, 1.0]))
    assert values[0] == 5 and np.isnan(values[1]) and values[2] == 1 and (np.eye(6) == T).all()


def test_a_rater_who_never_errs_has_the_identity() -> None:
    classes = np.array([0, 2, 4]).repeat(60)
    near = np.stack([np.roll(np.arange(180).reshape(-1, 3), shift, axis=1).ravel() for shift in (1, 2)], axis=1)
    p, T = fitted(classes, near)
    assert (np.diag(T)[[0, 2, 4]] > 0.93).all() and abs(p[[0, 2, 4]] - 1 / 3).max() < 0.05
