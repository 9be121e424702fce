"""What ``--near-vectors`` names: a cosine, a quantile, or the embedder's own."""

from collections.abc import Callable

import numpy as np

from cuvee.arrays import F32
from cuvee.commands import between
from cuvee.errors import ConfigError


def near_threshold(text: str, cosines: Callable[[], F32] | None, *, calibrated: float) -> float | None:
    """Return the cosine that ``--near-vectors`` names: off = None, a number, auto = calibrated, q0.99 = that quantile.

    cosines: returns (n,) cosine of every row to its nearest neighbour; asked only for a quantile.
    """
    if text == "off":
        return None
    if text == "auto":
        return calibrated
    number = text[1:] if text.startswith("q") else text
    try:
        value = float(number)
    except ValueError:
        raise ConfigError(
            f"near-vectors {text!r} cannot be read", "give off, auto, a cosine (0.95) or a quantile (q0.99)"
        ) from None
    between(value, "near-vectors", 0, 1)
    if text.startswith("q"):
        return float(np.quantile(cosines(), value)) if cosines else None
    return value
