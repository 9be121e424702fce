"""From trials to the map: in every regime, by how much an arm is better than random, how sure, and how lucky each was."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import numpy as np

from cuvee.arrays import F64
from cuvee.atlas.regime import Regime
from cuvee.atlas.trial import TriedFigures
from cuvee.statistics.critical import student

LEVEL = 0.95
BETTER, WORSE, OPEN = "better", "worse", "cannot tell"


class Contrast(TypedDict):
    """An arm beside another. difference: loss of the other minus that of the arm, nats per answer token: above 0 the arm is
    better. half: half the width of its interval, None with one seed. verdict: ``BETTER``, ``WORSE`` or ``OPEN``."""

    difference: float
    half: float | None
    verdict: str


class ChartedArm(TypedDict):
    """An arm in a regime. loss: mean over seeds. Of the rows that it chose: different ones, tasks, wrong answers; tokens:
    read. known, unknown: beside random, on tasks of the pool and on others."""

    arm: str
    loss: float
    unknown_loss: float | None
    known: Contrast
    unknown: Contrast | None
    rows: float
    different: float
    tasks: float
    wrong: float
    updates: float
    tokens: float


class ChartedRegime(TypedDict):
    """A regime of the map. budget: rows. seeds: pools. luck: standard deviation of random's loss over draws on one pool."""

    name: str
    imbalance: float
    duplicates: float
    noise: float
    per_task: float
    budget: int
    seeds: int
    luck: float | None
    arms: list[ChartedArm]


Trials = Mapping[str, Sequence[Sequence[TriedFigures]]]  # arm -> for every seed, one or more trainings


def contrast(other: F64, arm: F64) -> Contrast:
    """Return how much better an arm is than another, each with one loss for each of n pools, the same ones.

    The interval is Student's of the n differences, at 95 %: a pool, its questions, what an arm drew and how its training
    went are new for every seed, so it holds for pools of this kind, and all chance is in it.
    """
    found = other - arm
    difference = float(found.mean())
    if len(found) < 2:
        return {"difference": difference, "half": None, "verdict": OPEN}
    half = student((1 - LEVEL) / 2, len(found) - 1) * float(found.std(ddof=1)) / len(found) ** 0.5
    verdict = OPEN if abs(difference) <= half else BETTER if difference > 0 else WORSE
    return {"difference": difference, "half": half, "verdict": verdict}


def charted(regime: Regime, budget: int, trials: Trials, reference: str) -> ChartedRegime:
    """Return one regime of the map. trials: of every arm, the same seeds in order; several draws of one are averaged."""
    seeds = len(trials[reference])
    return {
        "name": regime.name,
        "imbalance": regime.kind.imbalance,
        "duplicates": regime.kind.duplicates,
        "noise": regime.kind.noise,
        "per_task": regime.per_task,
        "budget": budget,
        "seeds": seeds,
        "luck": _luck(trials[reference]),
        "arms": [_arm(name, trials, reference) for name in trials],
    }


def between(trials: Trials, arm: str, other: str) -> Contrast:
    """Return how much better one arm is than another, whichever they are, on tasks of the pool."""
    return contrast(_losses(trials[other], "known"), _losses(trials[arm], "known"))


def _arm(name: str, trials: Trials, reference: str) -> ChartedArm:
    mine = trials[name]
    unknown = _losses(mine, "unknown")
    asked = bool(np.isfinite(unknown).all())
    mean = {
        key: float(_losses(mine, key).mean()) for key in ("rows", "different", "tasks", "wrong", "updates", "tokens")
    }
    return {
        "arm": name,
        "loss": float(_losses(mine, "known").mean()),
        "unknown_loss": float(unknown.mean()) if asked else None,
        "known": contrast(_losses(trials[reference], "known"), _losses(mine, "known")),
        "unknown": contrast(_losses(trials[reference], "unknown"), unknown) if asked else None,
        "rows": mean["rows"],
        "different": mean["different"],
        "tasks": mean["tasks"],
        "wrong": mean["wrong"],
        "updates": mean["updates"],
        "tokens": mean["tokens"],
    }


def _losses(runs: Sequence[Sequence[TriedFigures]], key: str) -> F64:
    """Return (seeds,) one figure, the mean over the draws of a seed."""
    found = [[one.get(key) for one in draws] for draws in runs]
    return np.array([np.mean([np.nan if x is None else float(str(x)) for x in draws]) for draws in found])


def _luck(runs: Sequence[Sequence[TriedFigures]]) -> float | None:
    """Return the standard deviation of the loss over draws on the same pool; None where no pool had several."""
    parts = [np.var([one["known"] for one in draws], ddof=1) for draws in runs if len(draws) > 1]
    return float(np.mean(parts) ** 0.5) if parts else None
