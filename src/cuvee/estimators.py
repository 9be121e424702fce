"""The choice of rows as an estimator, for whoever works with scikit-learn: parameters, ``fit``, clones and grids."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from cuvee import functions
from cuvee.arrays import I64
from cuvee.errors import InputError
from cuvee.functions import Matrix
from cuvee.names import METHOD


class RowSampler(BaseEstimator):  # type: ignore[misc]
    """Chooses k rows of a matrix by any method over vectors; ``cuvee.choose`` as an estimator.

    A transformer must not drop rows, so this is a sampler, as imbalanced-learn calls them: after ``fit``, ``sample_indices_``
    are the (k,) row numbers, best first, and ``fit_resample`` returns the rows. k: rows, or a share of them below 1. space,
    settings: as ``cuvee.choose`` takes them.
    """

    def __init__(
        self,
        k: float = 0.1,
        method: str = METHOD,
        *,
        seed: int = 0,
        space: str = "",
        settings: Mapping[str, object] | None = None,
    ) -> None:
        self.k = k
        self.method = method
        self.seed = seed
        self.space = space
        self.settings = settings

    def fit(self, X: Matrix, y: object = None) -> "RowSampler":
        """Choose rows of X, (n, d); y is not looked at. Raises what ``cuvee.choose`` raises, InputError for no k above 0."""
        rows = np.asarray(X)
        if not self.k > 0:
            raise InputError(f"k is {self.k}", "give a number of rows, or a share below 1")
        count = max(1, round(self.k * len(rows))) if self.k < 1 else int(self.k)
        chosen = functions.choose(
            rows, count, self.method, seed=self.seed, space=self.space, **dict(self.settings or {})
        )
        self.sample_indices_: I64 = chosen
        self.n_samples_in_, self.n_features_in_ = rows.shape
        return self

    def fit_resample(
        self, X: Matrix, y: npt.ArrayLike | None = None
    ) -> "npt.NDArray[np.floating] | tuple[npt.NDArray[np.floating], npt.NDArray[np.generic]]":
        """Return the chosen rows of X, best first; and those of y where it is given."""
        rows = self.fit(X).sample_indices_
        return np.asarray(X)[rows] if y is None else (np.asarray(X)[rows], np.asarray(y)[rows])

    def get_support(self, indices: bool = False) -> I64 | npt.NDArray[np.bool_]:
        """Return the (k,) chosen row numbers, ascending; without ``indices`` the (n,) mask of them."""
        check_is_fitted(self, "sample_indices_")
        chosen = np.sort(self.sample_indices_)
        return chosen if indices else np.isin(np.arange(self.n_samples_in_), chosen)
