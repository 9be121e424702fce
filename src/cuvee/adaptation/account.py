"""What a run of ``cuvee adapt`` has to tell: what the policy learnt, what it was worth, what it picked over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from cuvee.adaptation.asked import AdaptAsk
from cuvee.adaptation.episodes import Learnt, figures_of, taken
from cuvee.adaptation.field import EpisodeField
from cuvee.adaptation.figures import FinalFigures, PickedRows
from cuvee.arrays import F32, I64
from cuvee.intake.hold_out import labels_of
from cuvee.result import Summary
from cuvee.result.methods import PickedLine, PickedOverTime, PolicyFigures

STRETCHES = 6  # of the final run that the page tells apart
TASKS = 8  # whose shares it shows


@dataclass(frozen=True)
class Adapted:
    """A finished run."""

    ask: AdaptAsk
    field: EpisodeField
    learnt: Learnt

    @cached_property
    def taken(self) -> PickedRows:
        """What the final run saw, in order."""
        return taken(self.learnt.final.path)

    @cached_property
    def figures(self) -> FinalFigures:
        """The figures of the final run."""
        return figures_of(self.learnt.final.path)


def told(summary: Summary, done: Adapted) -> Summary:
    """Return a summary with what the policy learnt and did."""
    ask, figures = done.ask.learn, done.figures
    doubt = "one run is no proof: `cuvee prove` with the arms adapt and random says whether it beats chance"
    return {
        **summary,
        "selection": {
            "method": "adapt: a learned policy",
            "model": ask.model,
            "goal": ", ".join(ask.goal.files),
            "episodes": len(done.learnt.episodes),
            "steps": figures.steps,
            "embedder": summary["selection"]["embedder"],
            "gain": "the policy's score when the row was first taken",
        },
        "adaptation": _policy(done),
        "sentence": _sentence(done),
        "title": f"{len(np.unique(done.taken['row'])):,} rows of {summary['rows']['input']:,}, picked by a policy",
        "warnings": [*summary["warnings"], doubt],
    }


def _sentence(done: Adapted) -> str:
    reward, start, end = done.ask.learn.goal.reward, done.field.start, done.figures.end
    return (
        f"The goal's {reward.measure.replace('_', ' ')} on {len(done.field.goal.test):,} rows that the policy never "
        f"saw went from {start['test']:.4f} to {end['test']:.4f} ({reward.unit}) in {done.figures.steps:,} steps, after "
        f"{len(done.learnt.episodes)} episodes."
    )


def _policy(done: Adapted) -> PolicyFigures:
    ask, field, figures = done.ask.learn, done.field, done.figures
    reward = ask.goal.reward
    return {
        "measure": reward.measure,
        "unit": reward.unit,
        "sign": reward.sign,
        "start": field.start,
        "end": figures.end,
        "validation rows": len(field.goal.validation),
        "test rows": len(field.goal.test),
        "probes": done.learnt.probes,
        "episodes": done.learnt.episodes,
        "performance": figures.performance,
        "every": ask.every,
        "importance": dict(sorted(figures.importance.items(), key=lambda item: -item[1])),
        "time": _over_time(field, done.taken),
    }


def _over_time(field: EpisodeField, taken: PickedRows) -> PickedOverTime:
    """Return what was picked in each stretch of the final run, and in the pool: lengths, difficulty, tasks."""
    labels = np.array(labels_of(field.ground.pool))
    names, counts = np.unique(labels[taken["row"]], return_counts=True)
    shown: list[str] = names[np.argsort(-counts, kind="stable")][:TASKS].tolist()
    parts = [("pool", np.arange(len(labels), dtype=np.int64)), *_stretches(taken)]
    lines = [_line(name, field.seen.figures[rows], rows, labels[rows], shown) for name, rows in parts]
    return {"tasks": shown, "lines": lines}


def _stretches(taken: PickedRows) -> list[tuple[str, I64]]:
    """Return the rows of each stretch of the final run, with its name."""
    steps = int(taken["step"].max()) + 1
    edges = np.unique(np.linspace(0, steps, min(STRETCHES, steps) + 1).round().astype(np.int64)).tolist()
    step, row = taken["step"], taken["row"]
    return [(f"steps {low + 1} to {high}", row[(step >= low) & (step < high)]) for low, high in pairwise(edges)]


def _line(name: str, seen: F32, rows: I64, labels: npt.NDArray[np.str_], shown: Sequence[str]) -> PickedLine:
    return {
        "name": name,
        "rows": len(rows),
        "different": len(np.unique(rows)),
        "prompt tokens": float(np.expm1(seen[:, 0]).mean()),
        "answer tokens": float(np.expm1(seen[:, 1]).mean()),
        "log P(y|x)": float(np.nanmean(seen[:, 2])),
        "log P(y)": float(np.nanmean(seen[:, 3])),
        "tasks": [float((labels == task).mean()) for task in shown],
    }
