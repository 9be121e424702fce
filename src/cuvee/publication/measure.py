"""Measure: how well a selection covers the pool, beside random selections of the same size."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np
import orjson

from cuvee import rng
from cuvee.arrays import F32, I64
from cuvee.geometry import diversity
from cuvee.geometry.clusters import kmeans
from cuvee.geometry.distances import nearest_chosen
from cuvee.progress import Advance, bar, say
from cuvee.publication.ledger import Outcome
from cuvee.runs import Run, Step, write_json
from cuvee.samples.pool import Pool

CLUSTERS = 100
PAIRS = 2e7  # rows x chosen above which distances are measured from a sample of the pool
FEWEST = 20_000  # rows of that sample at least: its mean distance is within 0.001 or so of the pool's
CURVE_POINTS = 8
TWINS = 1_000  # rows of the pool that are looked at for twins
BLOCK = 256

Point = dict[str, float | None]  # measure -> value


class Measures(TypedDict):
    """What was measured. budgets: sizes, ascending. selection, and each of randoms: one point per budget.

    sampled: whether distances are taken from a part of the pool, of ``sample`` rows. pool: the pool itself.
    """

    budgets: list[int]
    sampled: bool
    sample: int
    draws: int
    pool: Point
    selection: list[Point]
    randoms: list[list[Point]]


@dataclass(frozen=True)
class Beside:
    """What a selection is measured beside: so many random ones. twin: cosine from which two rows are twins."""

    draws: int
    seed: int
    twin: float


# name -> (what it says, direction); those that decide stand first (``publication.picture.PICTURE``)
MEASURES: dict[str, tuple[str, bool]] = {
    "mean distance": (
        "how far a row of the pool is from its nearest chosen row, on average; 0 is the same text",
        False,
    ),
    "cluster coverage": ("share of the pool's groups of similar rows (k-means) that have a chosen row", True),
    "task entropy": ("how evenly the chosen rows are spread over the tasks, in nats", True),
    "source entropy": ("how evenly they are spread over the sources, in nats", True),
    "vendi score": ("effective number of different rows: exp of the spectral entropy (arXiv 2210.02410)", True),
    "novelsum": ("density-aware diversity, nearest rows weigh most (arXiv 2502.17184)", True),
    "duplicate rate": ("share of rows with a twin among the chosen, by cosine", False),
    "covering radius": ("how far the pool's most remote row is from its nearest chosen row; outliers decide it", False),
    "tokens": ("tokens in all, estimated where no tokenizer is named", True),
}


@dataclass(frozen=True)
class Yardstick:
    """What every selection of one pool is measured against."""

    X: F32  # (n, d) the pool
    sample: I64  # rows distances are measured from: all, or a sample of a very large pool
    labels: I64  # (n,) k-means cluster
    tasks: I64
    sources: I64
    tokens: I64
    twin: float  # cosine from which two rows are twins
    advance: Advance  # told of every chosen row that was compared with the pool

    def covering(self, rows: I64, distance: F32) -> Point:
        """Return the measures that are followed over budgets; distance: (len(sample),) to the nearest of these rows."""
        return {
            "covering radius": float(distance.max()),
            "mean distance": float(distance.mean()),
            "cluster coverage": float(diversity.clusters_covered(self.labels, rows)),
            "vendi score": diversity.vendi_score(self.X[rows]),
        }

    def inner(self, rows: I64) -> Point:
        """Return the measures that are taken of a whole selection only."""
        chosen = self.X[rows]
        return {
            "novelsum": diversity.novelsum(chosen, self.X) if len(rows) > 1 else None,
            **self._labels_of(rows),
            "duplicate rate": _twins(chosen, chosen, self.twin),
            "tokens": float(self.tokens[rows].sum()),
        }

    def whole(self) -> Point:
        """Return the measures of the pool itself, where they mean something."""
        everything = np.arange(len(self.X))
        asked = self.X[self.sample[:: max(1, len(self.sample) // TWINS)][:TWINS]]
        return {
            "cluster coverage": 1.0,
            "vendi score": diversity.vendi_score(self.X),
            **self._labels_of(everything),
            "duplicate rate": _twins(asked, self.X, self.twin),
            "tokens": float(self.tokens.sum()),
        }

    def _labels_of(self, rows: I64) -> Point:
        named = {"task entropy": self.tasks, "source entropy": self.sources}
        return {name: diversity.entropy(codes[rows]).nats if codes.max() > 0 else None for name, codes in named.items()}


def measure(
    run: Run, outcome: Outcome, beside: Beside, depends: object, sizes: Sequence[int] | None = None
) -> tuple[Step, Measures]:
    """Return the step and its result: measures of pool, selection and random selections, over budgets.

    sizes: the budgets, ascending, the last of them all that were chosen; None takes powers of two.
    """
    rows = outcome.selection.rows
    budgets = list(sizes or _budgets(len(rows)))

    def make(folder: Path) -> None:
        with bar("measuring", (1 + beside.draws) * len(rows)) as advance:
            found = _measure_all(_yardstick(outcome, beside, advance), outcome.pool, rows, beside, budgets)
        write_json(folder / "measures.json", found)

    step = run.step("measure", {"select": depends, **vars(beside), "sizes": budgets}, make)
    if not step.reused:
        say(f"measured  the selection beside {beside.draws} random ones in {step.seconds:.1f} s")
    return step, orjson.loads((step.path / "measures.json").read_bytes())


def _yardstick(outcome: Outcome, beside: Beside, advance: Advance) -> Yardstick:
    pool, k, seed = outcome.pool, len(outcome.selection.rows), beside.seed
    n = len(pool)
    size = n if n * max(k, 1) <= PAIRS else max(FEWEST, int(PAIRS / k))
    order = np.argsort(rng.keyed(pool.keys, int(rng.stream(seed, "measure").integers(2**62))), kind="stable")
    sample = np.sort(order[: min(size, n)])
    clusters = kmeans(pool.vectors, min(CLUSTERS, n), seed=seed)
    return Yardstick(
        pool.vectors,
        sample,
        clusters.labels,
        pool.labels("task")[0],
        pool.labels("source")[0],
        outcome.tokens,
        beside.twin,
        advance,
    )


def _measure_all(ground: Yardstick, pool: Pool, rows: I64, beside: Beside, budgets: list[int]) -> Measures:
    curve = _curve(ground, rows, budgets)
    randoms = []
    for draw in range(beside.draws):
        keys = rng.keyed(pool.keys, int(rng.stream(beside.seed, "random", str(draw)).integers(2**62)))
        free = pool.free[np.argsort(keys[pool.free], kind="stable")]
        randoms.append(_curve(ground, free[: len(rows)], budgets))
    return {
        "budgets": budgets,
        "sampled": len(ground.sample) < len(pool),
        "sample": len(ground.sample),
        "draws": beside.draws,
        "pool": ground.whole(),
        "selection": curve,
        "randoms": randoms,
    }


def _budgets(k: int) -> list[int]:
    """Return up to eight sizes, each twice the one before, that end at k."""
    sizes = sorted({max(1, k >> shift) for shift in range(CURVE_POINTS)})
    return [size for size in sizes if size >= min(k, 8)] or [k]


def _curve(ground: Yardstick, rows: I64, budgets: list[int]) -> list[Point]:
    """Measure every prefix of a ranking; distances only shrink, so each row is compared once."""
    distance = np.full(len(ground.sample), np.inf, dtype=np.float32)
    points: list[Point] = []
    done = 0
    view = ground.X if len(ground.sample) == len(ground.X) else ground.X[ground.sample]
    for budget in budgets:
        np.minimum(distance, nearest_chosen(view, ground.X[rows[done:budget]])[0], out=distance)
        points.append(ground.covering(rows[:budget], distance))
        ground.advance(budget - done)
        done = budget
    points[-1] |= ground.inner(rows)
    return points


def _twins(asked: F32, X: F32, cosine: float) -> float:
    """Return the share of the asked rows, all of which stand in X, that another row of X is this near to."""
    twins = 0
    for start in range(0, len(asked), BLOCK):
        near = np.zeros(len(asked[start : start + BLOCK]), dtype=np.int64)
        for other in range(0, len(X), 65_536):
            near += (asked[start : start + BLOCK] @ X[other : other + 65_536].T >= cosine).sum(axis=1)
        twins += int((near > 1).sum())  # one of them is the row itself
    return twins / len(asked) if len(asked) else 0.0
