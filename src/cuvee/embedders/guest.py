"""An embedder of one's own: a class of the seam, an object that has ``encode``, or a plain function of texts."""

import inspect
from collections.abc import Callable, Sequence
from typing import Protocol, cast, runtime_checkable

import numpy as np

from cuvee import names
from cuvee.arrays import F32
from cuvee.embedders.seam import HINT, Embedder, unit_rows
from cuvee.errors import ConfigError

NEAR = 0.95  # a cosine from which two texts count as the same, where nobody has calibrated one
RATE = 100.0  # texts per second, where nobody has measured them


@runtime_checkable
class Encodes(Protocol):
    """An object that turns texts into rows of numbers, as a model of sentence-transformers does."""

    def encode(self, texts: Sequence[str]) -> F32:
        """Return (n, d) numbers, a row for each text."""


class Guest:
    """A function from texts to (n, d) numbers as an embedder; its rows are scaled to length 1.

    It learns nothing from a pool, and its version is a hash of its code, so vectors of other code are not used again.
    Raises ConfigError where the function gives anything but one row of numbers for a text.
    """

    near, rate, fitted = NEAR, RATE, False

    def __init__(self, name: str, function: Callable[[Sequence[str]], F32]) -> None:
        self.name = name
        self.version = f"{name}-{names.code_of(name)}"
        self._function = function
        self.dim = len(self._rows(["a text"])[0])

    def fit(self, texts: Sequence[str]) -> None:
        """Learn nothing."""

    def encode(self, texts: Sequence[str]) -> F32:
        """Return (n, dim) float32 unit rows, in order."""
        return unit_rows(self._rows(texts))

    def _rows(self, texts: Sequence[str]) -> F32:
        try:
            X = np.asarray(self._function(list(texts)), dtype=np.float32)
        except (TypeError, ValueError) as wrong:
            raise ConfigError(f"{self.name} gave no rows of numbers: {wrong}", HINT) from wrong
        if X.ndim != 2 or len(X) != len(texts) or not X.shape[1]:
            raise ConfigError(f"{self.name} gave an array of shape {X.shape} for {len(texts)} texts", HINT)
        return X


def embedder(name: str, found: object) -> Embedder:
    """Return what a guest's name leads to as an embedder. Raises ConfigError for what is none."""
    made = _made(found) if callable(found) and _makes(found) else found
    if all(hasattr(made, part) for part in ("encode", "dim", "version")):
        return cast(Embedder, made)  # the seam's checks see what it gives
    if isinstance(made, Encodes):
        return Guest(name, made.encode)
    if callable(made):
        return Guest(name, made)
    raise ConfigError(f"embedder {name!r} is a {type(made).__name__}", HINT)


def _makes(found: Callable[..., object]) -> bool:
    """Return whether it makes an embedder, as those of ``EMBEDDERS`` do of a ``model``, rather than vectors."""
    return isinstance(found, type) or list(inspect.signature(found).parameters) == ["model"]


def _made(make: Callable[..., object]) -> object:
    return make(None) if inspect.signature(make).parameters else make()
