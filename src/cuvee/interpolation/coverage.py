"""How well a mixture covers its pool, in the space that it was mixed in, beside random rows of the same number."""

from dataclasses import dataclass

import numpy as np

from cuvee import rng
from cuvee.arrays import F32, F64, I64, U64
from cuvee.geometry.distances import nearest_chosen
from cuvee.interpolation.mixing import Mixed
from cuvee.publication.measure import Measures, Point
from cuvee.training.mixture import Mixture, real

PAIRS = 2.5e8  # rows x entries above which distances are measured from a sample of the pool
CURVE_POINTS = 8


@dataclass(frozen=True)
class Cover:
    """The pool. X: (n, d). tasks: (n,) codes. labels: (n,) clusters. sample: rows that distances are measured from."""

    X: F32
    keys: U64
    tasks: I64
    centers: F32 | None
    labels: I64
    sample: I64


def cover(X: F32, keys: U64, tasks: I64, mixed: Mixed, *, seed: int) -> Cover:
    """Return the pool as coverage looks at it. mixed: what will be measured, in whose clusters the rows are put."""
    n, k, centers = len(X), len(mixed.kept), mixed.centers
    size = n if n * max(k, 1) <= PAIRS else max(20_000, int(PAIRS / k))
    order = np.argsort(rng.keyed(keys, int(rng.stream(seed, "coverage").integers(2**62))), kind="stable")
    labels = np.zeros(n, dtype=np.int64) if centers is None else nearest_chosen(X, centers)[1]
    return Cover(X, keys, tasks, centers, labels, np.sort(order[: min(size, n)]))


def task_mass(entries: Mixture, tasks: I64, count: int) -> F64:
    """Return (count,) how much of the mixture each task is: a blend counts by the shares of its rows."""
    mass = np.zeros(count)
    np.add.at(mass, tasks[entries.left], entries.weight)
    np.add.at(mass, tasks[entries.right], 1 - entries.weight)
    return mass


def tasks_reached(entries: Mixture, tasks: I64) -> int:
    """Return how many tasks stand in the mixture, in a row or in a side of a blend."""
    return len(np.unique(tasks[entries.rows()]))


def measures(ground: Cover, entries: Mixture, *, draws: int, seed: int) -> Measures:
    """Return the measures of the mixture and of random rows of the same number."""
    budgets = _budgets(len(entries))
    randoms = []
    for draw in range(draws):
        order = np.argsort(
            rng.keyed(ground.keys, int(rng.stream(seed, "random", str(draw)).integers(2**62))), kind="stable"
        )
        randoms.append(_curve(ground, real(order[: len(entries)].astype(np.int64)), budgets))
    whole = real(np.arange(len(ground.X), dtype=np.int64))
    return {
        "budgets": budgets,
        "sampled": len(ground.sample) < len(ground.X),
        "sample": len(ground.sample),
        "draws": draws,
        "pool": {"cluster coverage": 1.0, "task entropy": _entropy(ground, whole)},
        "selection": _curve(ground, entries, budgets),
        "randoms": randoms,
    }


def _curve(ground: Cover, entries: Mixture, budgets: list[int]) -> list[Point]:
    """Measure every prefix; distances only shrink, so each entry is compared once."""
    view = ground.X if len(ground.sample) == len(ground.X) else ground.X[ground.sample]
    distance = np.full(len(view), np.inf, dtype=np.float32)
    points: list[Point] = []
    done = 0
    for budget in budgets:
        for _, part in entries[done:budget].blocks(ground.X):
            np.minimum(distance, nearest_chosen(view, part)[0], out=distance)
        done = min(budget, len(entries))
        points.append(
            {
                "covering radius": float(distance.max()),
                "mean distance": float(distance.mean()),
                "cluster coverage": _covered(ground, entries[:done]),
                "task entropy": _entropy(ground, entries[:done]),
            }
        )
    return points


def _covered(ground: Cover, entries: Mixture) -> float:
    """Return the share of the clusters that hold rows in which an entry lies too."""
    if ground.centers is None:
        return 1.0
    found = np.concatenate([nearest_chosen(part, ground.centers)[1] for _, part in entries.blocks(ground.X)])
    return float(np.isin(np.unique(ground.labels), found).mean())


def _entropy(ground: Cover, entries: Mixture) -> float:
    """Return the entropy of the tasks' shares, in nats."""
    mass = task_mass(entries, ground.tasks, int(ground.tasks.max()) + 1)
    share = mass[mass > 0] / mass.sum()
    return float(-(share * np.log(share)).sum())


def _budgets(k: int) -> list[int]:
    """Return up to eight sizes, each twice the one before, that end at k."""
    sizes = sorted({max(1, k >> shift) for shift in range(CURVE_POINTS)})
    return [size for size in sizes if size >= min(k, 8)] or [k]
