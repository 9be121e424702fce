"""Hold out: rows that no training sees, so that a model can be judged on what it was not taught."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cuvee import rng
from cuvee.apportionment import apportion
from cuvee.arrays import F32, I64
from cuvee.budget import Budget
from cuvee.geometry.distances import nearest_chosen
from cuvee.intake.compare import Fall
from cuvee.intake.ground import Ground
from cuvee.samples.pool import BarePool, Pool

STAGE = "held-out"


@dataclass(frozen=True)
class HeldOut:
    """rows: columns id, source, task, messages, fingerprint of the rows that were held out. labels: the task of each."""

    rows: pa.Table
    labels: list[str]


def hold_out(ground: Ground, amount: Budget, *, seed: int) -> tuple[Ground, HeldOut]:
    """Return the ground without its held-out rows, and these.

    Every task (source, where the pool names no task) gives in proportion to its size, never more than half of it.
    A row whose cosine to a held-out row is ``embedder.near`` or more leaves too: it would give the answer away.
    """
    labels = labels_of(ground.pool)
    held = _drawn(ground.pool, labels, amount.rows(len(ground.pool)), seed)
    X = ground.pool.vectors
    cosine = _cosine(X, held)
    fallen: list[Fall] = [(int(row), STAGE, "held out for evaluation", None) for row in held]
    near = np.setdiff1d(np.flatnonzero(cosine >= ground.embedder.near), held)
    fallen += [(int(row), STAGE, f"near a held-out row: cosine {cosine[row]:.3f}", None) for row in near]
    rows = ground.pool.table.take(pa.array(held))
    return ground.without(sorted(fallen)), HeldOut(rows, [labels[row] for row in held])


def labels_of(pool: BarePool) -> list[str]:
    """Return the task of every row, its source where it names no task."""
    sources = pool.table["source"].to_pylist()
    tasks = pool.table["task"].to_pylist()
    return [task or source or "(none)" for task, source in zip(tasks, sources, strict=True)]


def _drawn(pool: Pool, labels: list[str], k: int, seed: int) -> I64:
    names, codes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    order = np.argsort(rng.keyed(pool.keys, int(rng.stream(seed, STAGE).integers(2**62))), kind="stable")
    queue = order[np.argsort(codes[order], kind="stable")]
    none = np.zeros(len(names), dtype=np.int64)
    strata, _ = apportion(sizes.astype(np.float64), sizes // 2, min(k, int((sizes // 2).sum())), seats=none)
    taken = np.bincount(strata, minlength=len(names))
    starts = np.cumsum(sizes) - sizes
    return np.sort(np.concatenate([queue[start : start + n] for start, n in zip(starts, taken, strict=True)]))


def _cosine(X: F32, held: I64) -> F32:
    """Return (n,) cosine of each unit row to its nearest held-out one."""
    distance = nearest_chosen(X, X[held])[0]
    cosine: F32 = (1 - distance**2 / 2).astype(np.float32)
    return cosine
