"""RDS+ (arXiv 2503.01807): the rows that lie nearest to the goal's in the base model's space."""

from functools import cache

import numpy as np

from cuvee import disk, progress
from cuvee.arrays import F32, I64
from cuvee.geometry.roundrobin import round_robin
from cuvee.geometry.whitening import unit
from cuvee.models import causal, forward
from cuvee.models.catalog import home
from cuvee.proof.goals import encoded_keys, goal_rows
from cuvee.proof.kinds import ArmAsk, ArmSettings
from cuvee.proof.settings import whole
from cuvee.render import Encoded
from cuvee.runs import digest
from cuvee.store import Store

SETTINGS = ("goal", "goal_rows", "draw")
PART = 256  # rows that are read again when a run is killed


def read(given: ArmSettings, seed: int = 0) -> tuple[str, int, int]:
    """Return the goal, how many of its rows count, and the seed they are drawn with. Raises ConfigError for a bad setting."""
    return str(given["goal"]), whole(given, "goal_rows", 100, low=1), whole(given, "draw", seed)


def rds(ask: ArmAsk) -> I64:
    """Return rows in turn for every row of the goal: the nearest that is not chosen yet, by cosine.

    The last layer of the base, mean over all tokens with weights that grow by position, as published; the goal's rows are
    read like the pool's, questions and answers. Vectors are remembered, so further seeds read nothing.
    """
    goal, most, draw = read(ask.settings, ask.seed)
    asked = goal_rows(ask, goal, most, draw)
    X = unit(_vectors(ask, [*asked, *ask.encoded]))
    return round_robin(X[: len(asked)], X[len(asked) :], ask.k)


def _vectors(ask: ArmAsk, rows: list[Encoded]) -> F32:
    """Return (n, d) vectors of the rows under the base; those in the store are not computed again."""
    model = cache(lambda: causal.load(ask.base))

    def compute(at: I64) -> F32:
        with progress.quiet():  # the bar of all rows is shown
            found = forward.passes(model(), [rows[row] for row in at], [forward.LATE]).hidden
        return np.nan_to_num(found, nan=0.0)

    made = disk.folder(ask.folder) / "late.npy"
    column = f"late-{digest(causal.version_of(ask.base))[:24]}"
    stored = Store(home() / "store").vectors(column, forward.width(model()))
    stored.fill(encoded_keys(rows), compute, out=made, label="rds+", segment=PART)
    X: F32 = np.load(made)
    return X
