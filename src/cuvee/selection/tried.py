"""A method's settings tried on four made rows, so that what cannot be is told before a pool is read."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from cuvee import rng, selectors
from cuvee.commands import Scalar
from cuvee.errors import ConfigError, SelectionError
from cuvee.samples.pool import Pool
from cuvee.samples.schema import SAMPLE
from cuvee.selectors import SELECTORS

ROWS = 4
SEEN = ("id", "source", "task", "messages", "tools", "margin", "fingerprint")  # what choosing reads of a row


def tried(method: str, settings: Mapping[str, Scalar], scores: Sequence[str]) -> None:
    """Raise ConfigError where a method of the house cannot work with these settings: an unknown stratum, a share above 1.

    scores: those that the method will read. What the four rows lack themselves is no mistake of the user's.
    """
    if method not in SELECTORS:
        return
    try:
        given: dict[str, Any] = dict(settings)
        selectors.choose(_made(scores), 2, method, rng=rng.stream(0, "tried"), **given)
    except SelectionError:
        return
    except (TypeError, ValueError) as wrong:
        told = ", ".join(f"{name}={value}" for name, value in settings.items())
        raise ConfigError(f"{method} cannot work with {told}: {wrong}", "docs/selectors.md has its settings") from wrong


def _made(scores: Sequence[str]) -> Pool:
    """Return a pool of four different rows with these scores."""
    numbers = range(ROWS)
    turn = {"role": "user", "content": "", "extra": None}
    columns = {
        "id": [f"row {at}" for at in numbers],
        "source": ["made"] * ROWS,
        "task": ["one", "other"] * (ROWS // 2),
        "messages": [
            [{**turn, "content": f"ask {at}"}, {**turn, "role": "assistant", "content": f"say {at * at}"}]
            for at in numbers
        ],
        "tools": [None] * ROWS,
        "margin": [float(at) for at in numbers],
        "fingerprint": [bytes([at + 1]) * 16 for at in numbers],
    }
    table = pa.table(columns, schema=pa.schema([SAMPLE.field(name) for name in SEEN]))
    vectors = np.eye(ROWS, dtype=np.float32)
    return Pool(table, vectors, {name: np.arange(ROWS, dtype=np.float32) for name in scores})
