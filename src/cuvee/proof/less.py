"""LESS (arXiv 2402.04333): the rows whose gradients point where the goal's do."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from cuvee import disk, progress, rng
from cuvee.arrays import F32, I64
from cuvee.errors import ConfigError
from cuvee.geometry.landmarks import carried_over
from cuvee.models import causal
from cuvee.models.catalog import home
from cuvee.models.causal import Causal
from cuvee.proof.goals import encoded_keys, goal_rows
from cuvee.proof.kinds import ArmAsk, ArmSettings
from cuvee.proof.settings import whole
from cuvee.render import Encoded
from cuvee.runs import digest
from cuvee.store import Store
from cuvee.training import sft
from cuvee.training.fresh import adapted
from cuvee.training.settings import described

SETTINGS = ("goal", "warmup", "rank", "dim", "goal_rows", "draw", "landmarks")
PART = 64  # rows whose gradients are lost when a run is killed


@dataclass(frozen=True, kw_only=True)
class LessSettings:
    """How LESS chooses.

    warmup: updates of the adapters before gradients are taken. rank: of the adapters. dim: numbers that a gradient is
    projected to. goal_rows: of the goal at most. draw: the seed of all that. landmarks: share of the pool whose gradients are
    computed; the others' cosine is carried over from these.
    """

    goal: str
    warmup: int
    rank: int
    dim: int
    goal_rows: int
    draw: int
    landmarks: float


def read(given: ArmSettings, seed: int = 0) -> LessSettings:
    """Return how the arm chooses; seed: of the training run. Raises ConfigError for a setting that cannot be."""
    return LessSettings(
        goal=str(given["goal"]),
        warmup=whole(given, "warmup", 20),
        rank=whole(given, "rank", 8, low=1),
        dim=whole(given, "dim", 1_024, low=1),
        goal_rows=whole(given, "goal_rows", 32, low=1),
        draw=whole(given, "draw", seed),
        landmarks=_landmarks(given),
    )


def _landmarks(given: ArmSettings) -> float:
    """Return the share of the pool whose gradients are computed, 1 for all."""
    said = str(given.get("landmarks", "100%"))
    try:
        share = float(said.removesuffix("%")) / (100 if said.endswith("%") else 1)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise ConfigError(f"landmarks={said} of an arm", "give a share of the pool, such as 20%")
    return share


def less(ask: ArmAsk) -> I64:
    """Return the rows whose gradient points most nearly where the goal's rows point, by cosine, best first.

    After LESS (arXiv 2402.04333), in short: LoRA adapters that have learnt from a few random rows (``warmup`` updates), one
    gradient per row, projected at random to ``dim`` numbers, cosine to the mean of the goal's. Plain gradients stand for
    Adam's, and one checkpoint for several. With ``draw`` all seeds share one warm-up: gradients are then computed once.
    With ``landmarks`` below 1 only that share of the rows, drawn at random, has its gradient computed; the cosine of the
    others is carried over in the pool's own vectors (after arXiv 2505.19051).
    """
    how = read(ask.settings, ask.seed)
    goal = goal_rows(ask, how.goal, how.goal_rows, how.draw)
    pool = ask.ground.pool
    chance = int(rng.stream(how.draw, "landmarks").integers(2**62))
    landmarks = np.argsort(rng.keyed(pool.keys, chance), kind="stable")[: max(1, round(how.landmarks * len(pool)))]
    X = _gradients(ask, how, [*goal, *(ask.encoded[row] for row in landmarks)])
    cosines = X[len(goal) :] @ X[: len(goal)].mean(axis=0)
    every = carried_over(np.asarray(pool.vectors), landmarks, cosines.astype(np.float64))
    order: I64 = np.argsort(-every, kind="stable").astype(np.int64)
    return order[: ask.k]


def _gradients(ask: ArmAsk, how: LessSettings, rows: list[Encoded]) -> F32:
    """Return (n, dim) projected gradients of the rows; those in the store are not computed again."""
    from cuvee.models.gradients import features

    seed = int(rng.stream(how.draw, "less").integers(2**31))
    keys = encoded_keys(rows)
    warmed = cache(lambda: _warmed(ask, how))
    found = disk.folder(ask.folder) / "gradients.npy"

    def compute(at: I64) -> F32:
        with progress.quiet():  # the bar of all rows is shown
            return features(warmed(), [rows[row] for row in at], dim=how.dim, seed=seed)

    stored = Store(home() / "store").vectors(_column(ask, how), how.dim)
    stored.fill(keys, compute, out=found, label="gradients", segment=PART)
    X: F32 = np.load(found)
    return X


def _column(ask: ArmAsk, how: LessSettings) -> str:
    """Return the name of the stored column: what decides a row's gradient beside the row."""
    rows = digest([row.ids for row in ask.encoded]) if how.warmup else ""
    made_by = [causal.version_of(ask.base), described(ask.training), rows, how.warmup, how.rank, how.dim, how.draw]
    return f"gradients-{digest(made_by)[:24]}"


def _warmed(ask: ArmAsk, how: LessSettings) -> Causal:
    """Return the base with adapters that learnt from a few random rows; a new adapter has gradients of its second half only."""
    model = adapted(causal.load(ask.base), how.rank, seed=how.draw)
    if not how.warmup:
        return model
    training = replace(ask.training, epochs=None, tokens=None, steps=how.warmup, lora=how.rank, save_every=0)
    return sft.train(model, ask.encoded, training, None, seed=how.draw).model
