"""What an evolution leaves behind: the nested sets as a selection, the curve, the report and the final model."""

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from cuvee import commands
from cuvee.arrays import I64
from cuvee.evolution.asked import EvolveAsk
from cuvee.evolution.field import RoundField
from cuvee.evolution.figures import RoundFigures
from cuvee.models import causal
from cuvee.publication.ledger import Outcome
from cuvee.publication.story import Asked, Extra, Story
from cuvee.result import Summary
from cuvee.runs import Step
from cuvee.samples.pool import Selection
from cuvee.training.fresh import adapters
from cuvee.training.settings import described


@dataclass(frozen=True)
class Evolved:
    """A finished evolution. chosen: (k,) rows of the pool in pick order. figures: of every round that ran.

    best: the round whose model is the final one. final: its folder holds that model.
    """

    ask: EvolveAsk
    field: RoundField
    chosen: I64
    figures: list[RoundFigures]
    best: int
    final: Step

    @property
    def shown(self) -> list[RoundFigures]:
        """The rounds up to the best one."""
        return self.figures[: self.best + 1]

    @property
    def early(self) -> bool:
        """Whether it stopped before the last round."""
        return len(self.figures) < len(self.ask.sizes)


def story(done: Evolved) -> Story:
    """Return what is to be published."""
    ask, ground = done.ask, done.field.ground
    return Story(
        asked=_asked(done),
        ground=ground,
        outcome=Outcome(ground.source, ground.table, ground.alive, ground.pool, _selection(done)),
        depends=done.final.fingerprint,
        next=partial(_next, ask.pool.read.data[0]),
        sizes=[one["rows"] for one in done.shown],
        tell=partial(_tell, done),
        notes=done.field.notes,
        extras=[Extra(done.final, folders=["model"])],
        manifest={
            "model": {"name": ask.model, "version": causal.version_of(ask.plan.base)},
            "training": described(ask.plan.training),
            "adapters": adapters(ask.plan.training),
            "rounds": done.figures,
        },
    )


def _asked(done: Evolved) -> Asked:
    ask, whole = done.ask, done.ask.sizes[-1]
    return Asked(
        verb="evolve",
        typed=ask.typed,
        publishing=ask.publishing,
        seed=ask.plan.seed,
        method=f"evolve by {ask.plan.strategy.name}",
        budget=str(whole),
        rows=None if done.early else whole,
    )


def _selection(done: Evolved) -> Selection:
    start, how = done.ask.start, done.ask.plan.strategy.summary
    sizes = [one["rows"] for one in done.shown]
    reasons = ["the first rows, at random" if start is None else f"kept by {start}"] * sizes[0]
    for number, (low, high) in enumerate(pairwise(sizes)):
        reasons += [f"picked by the model of round {number}: {how}"] * (high - low)
    return Selection(done.chosen, np.full(len(done.chosen), np.nan, dtype=np.float32), reasons[: len(done.chosen)])


def _next(data: str, folder: Path, ledger: pa.Table) -> str:
    return commands.line("cuvee", "evaluate", folder / "model", "--on", data)


def _tell(done: Evolved, summary: Summary, ledger: pa.Table) -> Summary:
    """Add the rounds to a summary: the held-out loss beside the diversity figures, and a table for the terminal."""
    figures, curve = done.figures, summary["curve"]
    losses: list[float | None] = [one["held-out loss"] for one in done.shown]
    stopped = f"stopped after round {len(figures) - 1}: no gain in {done.ask.patience} rounds"
    return {
        **summary,
        "curve": {**curve, "measures": {**curve["measures"], "held-out loss": {"selection": losses}}},
        "selection": {**summary["selection"], "model": done.ask.model, "rounds": len(figures) - 1},
        "rounds": [dict(one) for one in figures],
        "sentence": f"{_sentence(done)} {summary['sentence']}",
        "warnings": [*summary["warnings"], *([stopped] if done.early else [])],
    }


def _sentence(done: Evolved) -> str:
    first, best = done.figures[0], done.figures[done.best]
    return (
        f"{best['rows']:,} rows in {done.best} rounds: held-out loss {first['held-out loss']:.4f} after the first "
        f"{first['rows']:,} rows, {best['held-out loss']:.4f} at the end."
    )
