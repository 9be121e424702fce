"""The choice as an estimator: what scikit-learn asks of one, and the rows that ``cuvee.choose`` gives."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import cuvee
from cuvee.errors import ConfigError, InputError


def test_it_chooses_what_the_function_does_and_keeps_what_belongs_together() -> None:
    X, y = np.random.default_rng(3).normal(size=(60, 5)), np.arange(60)
    sampler = cuvee.RowSampler(k=7, method="k-center", seed=2)
    rows, labels = sampler.fit_resample(X, y)
    assert np.array_equal(sampler.sample_indices_, cuvee.kcenter(X, 7, seed=2)) and np.array_equal(rows, X[labels])
    assert np.array_equal(np.flatnonzero(sampler.get_support()), sampler.get_support(indices=True))
    assert len(cuvee.RowSampler(k=0.1).fit(X).sample_indices_) == 6


def test_it_is_cloned_and_set_as_an_estimator_is() -> None:
    sampler = cuvee.RowSampler(k=4, method="k-means", settings={"clusters": 2})
    again = clone(sampler).set_params(k=6)
    assert again.get_params() == {**sampler.get_params(), "k": 6}
    with pytest.raises(NotFittedError):
        again.get_support()
    with pytest.raises(ConfigError, match="no setting"):
        again.set_params(settings={"colour": 1}).fit(np.eye(9))
    with pytest.raises(InputError, match="k is 0"):
        cuvee.RowSampler(k=0).fit(np.eye(9))
