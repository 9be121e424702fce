"""How near a row is to the goal, one number each: by what a model learns (as LESS sees it) and by where it lies (RDS+).

Imports torch; import it late.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cuvee.adaptation.asked import LearnAsk
from cuvee.adaptation.goal import Goal
from cuvee.arrays import F32, F64
from cuvee.embedders.hidden import Hidden
from cuvee.geometry.whitening import unit
from cuvee.models import forward
from cuvee.render import Encoded
from cuvee.training import sft
from cuvee.training.fresh import fresh

STEPS = 4  # in which the base learns from the goal; its rows are few, and more steps learn them by heart


def learnt_with(ask: LearnAsk, goal: Goal, rows: Sequence[Encoded], before: F64 | None) -> F64:
    """Return (n,) by how much a row's loss falls, in nats per answer token, once the base has learnt from the goal.

    To first order that is the inner product of the row's gradient and the goal's, which LESS (arXiv 2402.04333) projects and
    compares, for a forward pass per row in place of a backward one; CoLoR-Filter (arXiv 2406.10670) chooses by it. before:
    (n,) the rows' mean loss under the base where it is known. NaN where the goal has no answers to learn from.
    """
    if not goal.taught:
        return np.full(len(rows), np.nan)
    model = fresh(ask.base, ask.training, seed=ask.seed)
    if before is None:
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
