"""What an interpolation tells: its figures, its sentence, its warnings."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cuvee import rng
from cuvee.arrays import I64
from cuvee.interpolation import coverage
from cuvee.interpolation.asked import InterpolateAsk
from cuvee.interpolation.examples import examples
from cuvee.interpolation.field import MixField
from cuvee.interpolation.mixing import Mixed
from cuvee.publication.histograms import BARS
from cuvee.result import Summary
from cuvee.result.measures import LabelBar
from cuvee.result.methods import ShareBin
from cuvee.runs import Step
from cuvee.training.meeting import met, widths
from cuvee.training.mixture import Mixture

SHARES = 10  # bins of the histogram of lambda
MET = (
    "share of targets where both sides answer",
    "share of targets beside the other's prompt",
    "share of targets beside its padding",
)
GAINS = {
    "nearest": "distance to the centre of its cluster, lower is denser",
    "knn": "mean distance to its nearest neighbours, lower is denser",
}


@dataclass(frozen=True)
class Drawn:
    """What ``drawn.json`` holds. drawn: blends that were drawn. possible: different pairs that there are."""

    drawn: int
    possible: int


@dataclass(frozen=True)
class Interpolated:
    """A finished interpolation. step: that made the mixture."""

    ask: InterpolateAsk
    field: MixField
    mixed: Mixed
    drawn: Drawn
    step: Step

    @property
    def kept(self) -> Mixture:
        """The mixture, best first."""
        return self.mixed.kept

    @property
    def ranks(self) -> I64:
        """(k,) 1, 2, ...: the place of every kept entry."""
        return np.arange(1, len(self.kept) + 1, dtype=np.int64)

    @property
    def blends(self) -> int:
        """How many blends were kept."""
        return int((~self.kept.real).sum())


def tell(done: Interpolated, told: Summary, ledger: pa.Table) -> Summary:
    """Turn the summary of the real rows into that of the mixture."""
    ask, field, mixing = done.ask, done.field, done.ask.blending.mixing
    rows, figures = told["rows"], _figures(done)
    distributions = told["distributions"].copy()
    distributions.pop("length", None)  # of the real rows alone
    distributions["task"] = _task_bars(done)
    return {
        **told,
        "title": f"{len(done.kept) - done.blends:,} rows and {done.blends:,} blends of {field.ground.source.total:,} rows",
        "rows": {**rows, "free": len(field.ground.pool) - rows["kept"] - rows["merged"]},
        "selection": {
            **told["selection"],
            "model": ask.model,
            "alpha": mixing.alpha,
            "clusters": mixing.clusters,
            "gain": GAINS[mixing.density],
        },
        "mixture": figures,
        "shares": _shares(done.kept),
        "blends": examples(field.ground, field.rows.X, [field.names[code] for code in field.rows.tasks], done.kept),
        "distributions": distributions,
        "sentence": _sentence(figures),
        "warnings": [*told["warnings"], *_warnings(done)],
    }


def _figures(done: Interpolated) -> dict[str, float]:
    kept, field, seed, blends = done.kept, done.field, done.ask.seed, done.blends
    order = np.argsort(rng.keyed(field.ground.pool.keys, int(rng.stream(seed, "random", "0").integers(2**62))))
    minor = np.minimum(kept.weight, 1 - kept.weight)[~kept.real]
    spans, mixed = field.rows.spans, kept[np.flatnonzero(~kept.real)]
    width = widths(mixed, spans)
    both = (spans.lengths[mixed.left] + spans.lengths[mixed.right] - width) / width
    where = met(kept, field.rows.rows, spans)
    return {
        "real rows kept": len(kept) - blends,
        "blends kept": blends,
        "blends drawn": done.drawn.drawn,
        "pairs there are": done.drawn.possible,
        "rows that stand in it": len(kept.rows()),
        "rows of the pool": len(field.ground.pool),
        "tasks": len(field.names),
        "tasks in it": coverage.tasks_reached(kept, field.rows.tasks),
        "tasks in its real rows": coverage.tasks_reached(kept[np.flatnonzero(kept.real)], field.rows.tasks),
        "tasks in as many random rows": len(np.unique(field.rows.tasks[order[: kept.units]])),
        "mean smaller share of a blend": round(float(minor.mean()), 4) if blends else 0.0,
        "share of a blend's length with both sides": round(float(both.mean()), 4) if blends else 0.0,
        **{name: round(share, 4) for name, share in zip(MET, (where.answer, where.prompt, where.padding), strict=True)},
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
    names, tasks = done.field.names, done.field.rows.tasks
    pool = np.bincount(tasks, minlength=len(names))
    mass = coverage.task_mass(done.kept, tasks, len(names))
    order = np.argsort(-pool, kind="stable")
    bars = [LabelBar(label=names[at], pool=int(pool[at]), selection=round(mass[at])) for at in order[:BARS]]
    rest = order[BARS:]
    if len(rest):
        label, selection = f"{len(rest)} others", round(float(mass[rest].sum()))
        bars.append(LabelBar(label=label, pool=int(pool[rest].sum()), selection=selection))
    return bars


def _sentence(figures: dict[str, float]) -> str:
    head = (
        f"{figures['real rows kept']:,} rows and {figures['blends kept']:,} blends, made of "
        f"{figures['rows that stand in it']:,} of {figures['rows of the pool']:,} clean rows, reach "
        f"{figures['tasks in it']:,} of {figures['tasks']:,} tasks; as many random rows reach "
        f"{figures['tasks in as many random rows']:,}."
    )
    if not figures["blends kept"]:
        return head
    answer, prompt, padding = (f"{figures[name]:.0%}" for name in MET)
    met = f"Of what blends are told, {answer} lies where both sides answer, {prompt} beside a prompt, {padding} beside padding."
    return f"{head} {met}"


def _warnings(done: Interpolated) -> list[str]:
    found, pool, kept, mixing = [], len(done.field.ground.pool), done.kept.units, done.ask.blending.mixing
    budget, drawn = done.ask.budget, done.drawn.drawn
    wanted = mixing.drawn(kept if mixing.beside else pool)
    what = "rows" if mixing.beside else "rows and blends"
    if budget.kind != "tokens" and budget.rows(pool) > kept:
        found.append(f"{budget.rows(pool):,} {what} were asked for; there are {kept:,}, and all were kept")
    if drawn < wanted:
        found.append(f"{wanted:,} blends were asked for; there are {drawn:,} different pairs")
    if done.blends:
        found.append("only `cuvee train` reads blends: another trainer sees the real rows of the mixture alone")
    return found
