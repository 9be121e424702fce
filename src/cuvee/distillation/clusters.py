"""Clusters of weak rows: each is to become one new row."""

from pathlib import Path

import numpy as np

from cuvee import disk
from cuvee.arrays import I64
from cuvee.distillation.asked import DistillAsk
from cuvee.geometry.bounded import bounded_clusters
from cuvee.intake.ground import Ground
from cuvee.progress import say
from cuvee.rng import stream
from cuvee.runs import Run, digest


def clustered(run: Run, ask: DistillAsk, ground: Ground, weak: I64) -> list[I64]:
    """Return the pool rows of each cluster of weak rows; none where the weak rows are fewer than a cluster."""
    group, seed = ask.grouping, ask.pool.seed
    bounds = {"smallest": group.smallest, "largest": group.largest, "mean": group.mean, "seed": seed}

    def make(folder: Path) -> None:
        X, mean = np.asarray(ground.pool.vectors[weak]), float(group.mean) or None
        disk.save_array(folder / "labels.npy", bounded_clusters(X, group.smallest, group.largest, mean=mean, seed=seed))

    if len(weak) < group.smallest:
        return []
    step = run.step("cluster", {"ground": ground.fingerprint, "weak": digest(weak), "bounds": bounds}, make)
    found = [weak[places] for places in members(np.load(step.path / "labels.npy"))]
    if not step.reused:
        say(f"clustered {len(weak):,} weak rows into {len(found):,} clusters in {step.seconds:.1f} s")
    return _drawn(found, group.at_most, seed)


def members(labels: I64) -> list[I64]:
    """Return the places of each cluster's rows, ascending."""
    order = labels.argsort(kind="stable")
    cuts = (labels[order][1:] != labels[order][:-1]).nonzero()[0] + 1
    parts: list[I64] = []
    for start, end in zip([0, *cuts.tolist()], [*cuts.tolist(), len(order)], strict=True):
        if end > start:
            parts.append(order[start:end])
    return parts


def never_asked(weak: I64, clusters: list[I64]) -> I64:
    """Return the weak rows that stand in none of the clusters."""
    asked: I64 = np.concatenate([np.empty(0, dtype=np.int64), *clusters])
    return np.setdiff1d(weak, asked)


def _drawn(clusters: list[I64], at_most: int, seed: int) -> list[I64]:
    if not at_most or len(clusters) <= at_most:
        return clusters
    drawn = stream(seed, "distill", "clusters").choice(len(clusters), at_most, replace=False)
    return [clusters[at] for at in np.sort(drawn)]
