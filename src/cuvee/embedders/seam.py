"""What an embedder is, and what all of them share."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from cuvee.arrays import F32
from cuvee.errors import ConfigError
from cuvee.render import Messages

HINT = "an embedder returns one float32 row of length 1 per text, in order"
UNIT = 1e-3  # how far a length may be from 1: half precision is not finer


class Embedder(Protocol):
    """Texts -> unit vectors. A member holds a model, so it is a class; the protocol is its whole interface."""

    @property
    def name(self) -> str:
        """The name in the registry."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    @property
    def version(self) -> str:
        """A fingerprint of everything that decides a vector: model files, truncation, settings, what was learnt."""

    @property
    def near(self) -> float:
        """The cosine from which two texts count as the same. Cosines of two embedders do not compare."""

    @property
    def rate(self) -> float:
        """Texts per second to expect of 2 CPU cores, for estimates."""

    @property
    def fitted(self) -> bool:
        """Whether it learns from the pool: its vectors then belong to the pool it was fitted on."""

    def fit(self, texts: Sequence[str]) -> None:
        """Learn from a pool; nothing happens where there is nothing to learn."""

    def encode(self, texts: Sequence[str]) -> F32:
        """Return (n, dim) float32 unit rows, in order; a row depends on its own text only.

        A text without anything that the model knows, such as the empty text, gets the unit vector of the last axis.
        """


@runtime_checkable
class ReadsMessages(Protocol):
    """What an embedder also has that reads conversations with their turns and roles, not their plain text."""

    def encode_messages(self, conversations: Sequence[Messages]) -> F32:
        """Return (n, dim) float32 unit rows, in order; a row depends on its own conversation only."""


def unit_rows(X: F32) -> F32:
    """Return the rows scaled to length 1; a row of zeros becomes the unit vector of the last axis.

    X: (n, d). The last axis, since axes are in order of variance: there it is far from all other texts.
    """
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    zero = lengths[:, 0] < 1e-12
    rows: F32 = (X / np.where(zero[:, None], 1.0, lengths)).astype(np.float32)
    rows[zero] = 0.0
    rows[zero, -1] = 1.0
    return rows


def checked(found: object, shape: tuple[int, int], name: str) -> F32:
    """Return what an embedder of this name gave as float32 unit rows; members of the house and guests alike.

    shape: (n, dim) that it should have. Raises ConfigError where it is anything else.
    """
    try:
        X = np.asarray(found, dtype=np.float32)
    except (TypeError, ValueError):
        raise ConfigError(f"{name} gave a {type(found).__name__} of what is no number", HINT) from None
    if X.shape != shape:
        raise ConfigError(f"{name} gave an array of shape {X.shape}, not {shape}", HINT)
    if len(X) and not np.allclose(np.linalg.norm(X, axis=1), 1, atol=UNIT):
        raise ConfigError(f"{name} gave rows that are not of length 1", HINT)
    return X
