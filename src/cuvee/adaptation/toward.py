"""How near a row is to the goal, one number each: by what a model learns (as LESS sees it) and by where it lies (RDS+).

Imports torch; import it late.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from cuvee.adaptation.asked import LearnAsk
from cuvee.adaptation.goal import Goal
from cuvee.arrays import F32, F64
from cuvee.embedders.hidden import Hidden
from cuvee.geometry.whitening import unit
from cuvee.models import causal, forward
from cuvee.render import Encoded
from cuvee.runs import Run, Step
from cuvee.training import sft
from cuvee.training.fresh import fresh
from cuvee.training.settings import described

MODEL = "model"
STEPS = 4  # in which the base learns from the goal; its rows are few, and more steps learn them by heart


def warmed(run: Run, ask: LearnAsk, rows: Sequence[Encoded], depends: str) -> Step:
    """Return the step whose ``model`` has learnt from random rows for as long as an episode; depends: what the rows are.

    What the base learns from any row at all (a form, common words) would drown what tells rows apart; so LESS (arXiv
    2402.04333) warms up too. Rows are compared with the goal, and probed, from there.
    """

    def make(folder: Path) -> None:
        training = replace(ask.training, save_every=0)
        sft.train(fresh(ask.base, training, seed=ask.seed), rows, training, folder / MODEL, seed=ask.seed)

    of = {"rows": depends, "base": causal.version_of(ask.base), "training": described(ask.training), "seed": ask.seed}
    return run.step("warm-up", of, make)


def learnt_with(ask: LearnAsk, goal: Goal, rows: Sequence[Encoded]) -> F64:
    """Return (n,) by how much a row's loss falls, in nats per answer token, once the base has learnt from the goal.

    To first order that is the inner product of the row's gradient and the goal's, which LESS (arXiv 2402.04333) projects and
    compares, for a forward pass per row in place of a backward one; CoLoR-Filter (arXiv 2406.10670) chooses by it. NaN
    where the goal has no answers to learn from.
    """
    if not goal.taught:
        return np.full(len(rows), np.nan)
    model = fresh(ask.base, ask.training, seed=ask.seed)
    before = forward.passes(model, rows, label="the rows").mean_loss
    batch = min(len(goal.taught), ask.training.batch)
    training = replace(ask.training, steps=STEPS, batch=batch, warmup=0.0, schedule="constant", save_every=0)
    taught = sft.train(model, goal.taught, training, None, seed=ask.seed).model
    fallen: F64 = before - forward.passes(taught, rows, label="beside the goal").mean_loss
    return fallen


def near(embedder: Hidden, goal: Goal, X: F32) -> F64:
    """Return (n,) each row's largest cosine to a row of the goal, in [-1, 1], around the pool's mean.

    X: (n, d) the rows' vectors by this embedder. As RDS+ (arXiv 2503.01807) compares them, by the plain mean over tokens; a
    language model's vectors share one large direction, so the mean is taken off.
    """
    G, mean = embedder.encode_messages(goal.talks), np.asarray(X).mean(axis=0)
    cosines: F64 = (unit(np.asarray(X) - mean) @ unit(G - mean).T).max(axis=1).astype(np.float64)
    return cosines
