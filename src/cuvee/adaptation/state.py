"""What the policy sees of a row: d' = [stage | difficulty | goal | semantic | availability], 41 numbers.

As in RAISE (arXiv 2504.07282), and two more, which compare the row with the goal. The 38 of difficulty, goal and semantic do
not change while a model trains; they are made once. Stage is the same for all rows of
a step. Every column is centred and scaled, by figures that are fitted once and kept with the policy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cuvee import disk
from cuvee.arrays import F32, F64, I64
from cuvee.geometry.clusters import kmeans
from cuvee.geometry.distances import blocks

SEMANTIC = 32
STAGE_COLUMNS = ("performance", "progress")
DIFFICULTY_COLUMNS = ("prompt length", "answer length", "log P(y|x)", "log P(y)")
GOAL_COLUMNS = ("learnt with the goal", "near the goal")
SEMANTIC_COLUMNS = tuple(f"semantic {at}" for at in range(1, SEMANTIC + 1))
FIGURES = (*DIFFICULTY_COLUMNS, *GOAL_COLUMNS)  # that are read off models; the semantic columns are made of vectors
COLUMNS = (*STAGE_COLUMNS, *FIGURES, *SEMANTIC_COLUMNS, "times taken")
STATIC = len(FIGURES) + SEMANTIC  # columns that do not change: those after the stage, before the last
FAR = 5.0  # standard deviations; a value beyond is moved there, so that one odd row cannot rule
BLOCK = 16_384  # rows that are in memory at once


@dataclass(frozen=True)
class Basis:
    """How raw figures become columns: PCA of the vectors, then a centre and a scale for each of the 38 columns.

    mean: (d,) and axes: (d, 32) of the vectors, axes beyond their rank are 0. centre, scale: (38,), scale above 0.
    """

    mean: F32
    axes: F32
    centre: F32
    scale: F32

    def columns(self, figures: F32, vectors: F32) -> F32:
        """Return (n, 38) float32 columns of (n, 6) figures and (n, d) vectors, within FAR of 0; no value is NaN.

        A figure that is not known (NaN) becomes 0, the mean.
        """
        raw = np.hstack([figures, (np.asarray(vectors) - self.mean) @ self.axes])
        values: F32 = np.clip(np.nan_to_num((raw - self.centre) / self.scale, nan=0.0), -FAR, FAR).astype(np.float32)
        return values


def difficulty(prompts: I64, answers: I64, given: F64, alone: F64) -> F32:
    """Return (n, 4): log(1 + tokens) of prompt and answer, mean log-probability per answer token with and without prompt.

    prompts, answers: (n,) tokens. given, alone: (n,) mean negative log-likelihood in nats per answer token. Lengths are taken
    as logarithms, since a few long rows would make up most of their variance.
    """
    return np.column_stack([np.log1p(prompts), np.log1p(answers), -given, -alone]).astype(np.float32)


def fit(figures: F32, vectors: F32) -> Basis:
    """Return the basis of a pool: PCA of the (n, d) vectors to 32, and means and standard deviations of the columns.

    figures: (n, 6).
    """
    mean, axes = _principal(vectors)
    raw = np.hstack([figures, (np.asarray(vectors) - mean) @ axes]).astype(np.float64)
    known = np.where(np.isnan(raw).all(axis=0), 0.0, raw)  # a figure that no row has is a column of 0
    centre, scale = np.nanmean(known, axis=0), np.nanstd(known, axis=0)
    floor = np.where(scale > 1e-6, scale, 1.0)  # a column with one value stays at 0
    return Basis(mean, axes, centre.astype(np.float32), floor.astype(np.float32))


def _principal(X: F32) -> tuple[F32, F32]:
    """Return the mean of X and its 32 leading principal axes, (d, 32), each with its largest part positive."""
    mean = X.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((X.shape[1], X.shape[1]))
    for rows in blocks(len(X), BLOCK):
        centred = np.asarray(X[rows], dtype=np.float64) - mean
        covariance += centred.T @ centred
    values, found = np.linalg.eigh(covariance)
    order = np.argsort(-values, kind="stable")[:SEMANTIC]
    kept = found[:, order] * (values[order] > 1e-10 * max(values.max(), 1e-300))
    signs = np.sign(kept[np.abs(kept).argmax(axis=0), np.arange(kept.shape[1])])
    axes = np.zeros((X.shape[1], SEMANTIC))
    axes[:, : kept.shape[1]] = kept * signs  # one sign on every machine
    return mean.astype(np.float32), axes.astype(np.float32)


def write_columns(basis: Basis, figures: F32, vectors: F32, path: Path) -> None:
    """Write the (n, 38) columns to a .npy file, block by block, so that a large pool is never in memory."""
    target = disk.empty_array(path, (len(figures), STATIC))
    for rows in blocks(len(figures), BLOCK):
        target[rows] = basis.columns(figures[rows], vectors[rows])


def cluster(columns: F32, count: int, *, seed: int) -> I64:
    """Return (n,) K-means labels, 0 and up, of the semantic part of the columns; one cluster is all rows."""
    if count == 1:
        return np.zeros(len(columns), dtype=np.int64)
    labels = kmeans(np.ascontiguousarray(columns[:, len(FIGURES) :]), count, seed=seed).labels
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


@dataclass(frozen=True)
class SeenRows:
    """The rows that a policy picks among.

    columns: (n, 38) float32, may be memory-mapped. clusters: per cluster the ascending row numbers, none empty. numbers: (n,)
    what each row is called outside: its number in the pool.
    """

    columns: F32
    clusters: Sequence[I64]
    numbers: I64

    @classmethod
    def of(cls, columns: F32, labels: I64) -> "SeenRows":
        """Return all rows of a pool, by their cluster labels."""
        return cls(columns, _members(labels), np.arange(len(columns), dtype=np.int64))

    def __len__(self) -> int:
        return len(self.numbers)

    def some(self, rows: I64) -> "SeenRows":
        """Return these rows only, in ascending order; a cluster that has none of them is gone."""
        rows = np.sort(rows)
        labels = np.full(len(self), -1, dtype=np.int64)
        for label, members in enumerate(self.clusters):
            labels[members] = label
        columns = np.ascontiguousarray(self.columns[rows])
        return SeenRows(columns, _members(labels[rows]), self.numbers[rows])


def _members(labels: I64) -> list[I64]:
    return [np.flatnonzero(labels == label).astype(np.int64) for label in np.unique(labels)]


@dataclass(frozen=True)
class Stage:
    """Where a training stands, as the policy sees it. centre, scale: of the performance gained since the start.

    They are fitted on the first episode, whose picks are uniform; until then (scale 0) the column is 0.
    """

    centre: float = 0.0
    scale: float = 0.0

    def columns(self, gained: float, progress: float) -> F32:
        """Return (2,) float32. gained: P(M_t) - P(M_0). progress: t / T in [0, 1]; uniform steps have mean 0, variance 1."""
        performance = (gained - self.centre) / self.scale if self.scale else 0.0
        known = [np.clip(performance, -FAR, FAR), (progress - 0.5) * np.sqrt(12.0)]
        return np.array(known, dtype=np.float32)


def fit_stage(gained: Sequence[float]) -> Stage:
    """Return the stage's centre and scale from the performance gained at every step of an episode."""
    spread = float(np.std(gained))
    return Stage(float(np.mean(gained)), spread if spread > 1e-9 else 0.0)


def availability(counts: I64) -> F32:
    """Return (n,) log2(1 + times taken): 0 for a row that was never taken, 1 once, and slower from there."""
    found: F32 = np.log2(1.0 + counts).astype(np.float32)
    return found
