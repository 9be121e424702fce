"""How often each letter stands in a text: an embedder."""

from collections.abc import Sequence
from string import ascii_lowercase

import numpy as np

from cuvee.arrays import F32
from cuvee.embedders.seam import unit_rows
from cuvee.runs import digest


class Letters:
    """Counts of the letters a to z. The last axis is left to texts without any."""

    name, dim, near, rate, fitted = "letters", 27, 0.99, 50_000.0, False
    version = digest("letters a to z, counted")

    def __init__(self, model: str | None = None) -> None:
        """model: what a user wrote after "letters:"; there is nothing to choose here."""

    def fit(self, texts: Sequence[str]) -> None:
        """There is nothing to learn."""

    def encode(self, texts: Sequence[str]) -> F32:
        """Return (n, 27) unit rows."""
        counts = [[text.lower().count(letter) for letter in ascii_lowercase] + [0] for text in texts]
        return unit_rows(np.array(counts, dtype=np.float32).reshape(-1, self.dim))
