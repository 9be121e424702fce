"""What an interpolation tells: its figures, its sentence, its warnings."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cuvee import rng
from cuvee.arrays import F32, I64
from cuvee.intake.ground import Ground
from cuvee.interpolation import coverage
from cuvee.interpolation.asked import InterpolateAsk
from cuvee.interpolation.examples import examples
from cuvee.interpolation.mixing import Mixed
from cuvee.publication import summary
from cuvee.result import Summary
from cuvee.result.measures import LabelBar
from cuvee.result.methods import ShareBin
from cuvee.runs import Step
from cuvee.training.mixture import Mixture

SHARES = 10  # bins of the histogram of lambda


@dataclass(frozen=True)
class Interpolated:
    """A finished interpolation. X: (n, d) vectors that were mixed. tasks: (n,) codes of ``names``. told: counts of mixing."""

    wanted: InterpolateAsk
    ground: Ground
    X: F32
    tasks: I64
    names: list[str]
    lengths: I64
    mixed: Mixed
    told: dict[str, int]
    measures: dict[str, Any]
    step: Step
    notes: list[str]

    @property
    def kept(self) -> Mixture:
        """The mixture, best first."""
        return self.mixed.kept


def _ranks(done: Interpolated) -> I64:
    """Return (k,) 1, 2, ...: the place of every kept entry."""
    return np.arange(1, len(done.kept) + 1, dtype=np.int64)


def _told(told: Summary, done: Interpolated, counts: dict[str, int]) -> Summary:
    """Turn the summary of the real rows into that of the mixture."""
    kept, wanted = done.kept, done.wanted
    rows, blends = int(kept.real.sum()), int((~kept.real).sum())
    mixing = wanted.settings.mixing
    told["title"] = f"{rows:,} rows and {blends:,} blends of {done.ground.source.total:,} rows"
    note = told["selection"].pop("note", "")
    told["warnings"] = [warning for warning in told["warnings"] if warning != note]  # of rows alone
    told["rows"]["free"] = len(done.ground.pool) - counts["kept"] - counts["merged"]
    told["selection"] |= {
        "method": "interpolate", "model": wanted.typed["model"], "alpha": mixing.alpha, "clusters": mixing.clusters,
        "gain": "distance to the centre of its cluster, lower is denser"
        if mixing.density == "nearest" else "mean distance to its nearest neighbours, lower is denser",
    }  # fmt: skip
    told["mixture"] = _figures(done, rows, blends)
    told["shares"] = _shares(kept)
    told["blends"] = examples(done.ground, done.X, [done.names[code] for code in done.tasks], kept)
    told["distributions"].pop("length", None)
    told["distributions"]["task"] = _task_bars(done)
    told["sentence"] = _sentence(told["mixture"], told["sentence"])
    told["warnings"] += _warnings(done, blends)
    return told


def _figures(done: Interpolated, rows: int, blends: int) -> dict[str, Any]:
    kept, pool = done.kept, len(done.ground.pool)
    order = np.argsort(
        rng.keyed(done.ground.pool.keys, int(rng.stream(done.wanted.seed, "random", "0").integers(2**62)))
    )
    drawn = len(np.unique(done.tasks[order[: len(kept)]]))
    real = kept[np.flatnonzero(kept.real)]
    minor = np.minimum(kept.weight, 1 - kept.weight)[~kept.real]
    short = np.minimum(done.lengths[kept.left], done.lengths[kept.right])[~kept.real]
    long = np.maximum(done.lengths[kept.left], done.lengths[kept.right])[~kept.real]
    return {
        "real rows kept": rows,
        "blends kept": blends,
        "blends drawn": done.told["drawn"],
        "pairs there are": done.told["possible"],
        "rows that stand in it": len(kept.rows()),
        "rows of the pool": pool,
        "tasks": len(done.names),
        "tasks in it": coverage.tasks_reached(kept, done.tasks),
        "tasks in its real rows": coverage.tasks_reached(real, done.tasks),
        "tasks in as many random rows": drawn,
        "mean smaller share of a blend": round(float(minor.mean()), 4) if blends else 0.0,
        "share of a blend's length with both sides": round(float((short / long).mean()), 4) if blends else 0.0,
    }


def _shares(kept: Mixture) -> list[ShareBin]:
    """Return the histogram of lambda over the kept blends."""
    counts, edges = np.histogram(kept.weight[~kept.real], SHARES, (0, 1))
    return [
        {"from": round(float(low), 2), "to": round(float(high), 2), "blends": int(count)}
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    ]


def _task_bars(done: Interpolated) -> list[LabelBar]:
    """Return rows of each task in the pool and its mass in the mixture, rounded: a blend counts by its shares."""
    pool = np.bincount(done.tasks, minlength=len(done.names))
    mass = coverage.task_mass(done.kept, done.tasks, len(done.names))
    order = np.argsort(-pool, kind="stable")
    bars: list[LabelBar] = [
        {"label": done.names[at], "pool": int(pool[at]), "selection": round(mass[at])} for at in order[: summary.BARS]
    ]
    rest = order[summary.BARS :]
    if len(rest):
        others, share = int(pool[rest].sum()), round(float(mass[rest].sum()))
        bars.append({"label": f"{len(rest)} others", "pool": others, "selection": share})
    return bars


def _sentence(figures: dict[str, Any], measured: str) -> str:
    _, _, beside = measured.partition(". ")
    head = (
        f"{figures['real rows kept']:,} rows and {figures['blends kept']:,} blends, made of "
        f"{figures['rows that stand in it']:,} of {figures['rows of the pool']:,} clean rows, reach "
        f"{figures['tasks in it']:,} of {figures['tasks']:,} tasks; as many random rows reach "
        f"{figures['tasks in as many random rows']:,}."
    )
    return f"{head} {beside}".strip()


def _warnings(done: Interpolated, blends: int) -> list[str]:
    found, mixing, pool = [], done.wanted.settings.mixing, len(done.ground.pool)
    if done.wanted.budget.kind != "tokens" and done.wanted.budget.rows(pool) > len(done.kept):
        asked = done.wanted.budget.rows(pool)
        found.append(f"{asked:,} rows and blends were asked for; there are {len(done.kept):,}, and all were kept")
    if done.told["drawn"] < mixing.drawn(pool):
        found.append(f"{mixing.drawn(pool):,} blends were asked for; there are {done.told['drawn']:,} different pairs")
    if blends:
        found.append("only `cuvee train` reads blends: another trainer sees the real rows of the mixture alone")
    return found
