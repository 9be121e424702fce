"""What all episodes share: the pool as the model reads it, the goal, what is seen of every row."""

from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from cuvee.adaptation.asked import LearnAsk
from cuvee.adaptation.goal import Goal, read_goal, without_goal
from cuvee.adaptation.seen import Seen, see
from cuvee.adaptation.toward import MODEL, warmed
from cuvee.errors import InputError
from cuvee.intake.ground import Ground
from cuvee.intake.readable import readable
from cuvee.models import causal
from cuvee.models.causal import Causal
from cuvee.render import Encoded
from cuvee.result.methods import Reached
from cuvee.runs import Run, write_json


@dataclass(frozen=True, kw_only=True)
class EpisodeField:
    """What all episodes share. rows: token ids of every row of the pool. start: what the base model reaches on the goal.

    warm: folder of the base after its warm-up, where rows are probed from.
    """

    ground: Ground
    rows: list[Encoded]
    goal: Goal
    seen: Seen
    start: Reached
    warm: Path
    notes: list[str]


def prepared_from(run: Run, ask: LearnAsk, ground: Ground) -> EpisodeField:
    """Read the goal, drop its rows from a clean pool, render, see the rows, judge the base model."""
    model = causal.load(ask.base)
    longest = min(ask.training.max_length, model.max_length)
    goal = read_goal(run, ask.goal, model.tokenizer, longest=longest, seed=ask.seed)
    read = readable(without_goal(ground, goal), model.tokenizer, longest, stage="adapt")
    if len(read.rows) < ask.training.batch:
        few = f"the pool has {len(read.rows)} rows to learn from, a step takes {ask.training.batch}"
        raise InputError(few, "give more rows")
    warm = warmed(run, ask, read.rows, read.ground.fingerprint).path / MODEL
    return EpisodeField(
        ground=read.ground,
        rows=read.rows,
        goal=goal,
        seen=see(run, replace(ask, base=warm), read.ground, goal, read.rows),
        start=_start(run, ask, goal, model),
        warm=warm,
        notes=[*goal.notes, *read.notes],
    )


def _start(run: Run, ask: LearnAsk, goal: Goal, model: Causal) -> Reached:
    """Judge the base model on both parts of the goal."""

    def make(folder: Path) -> None:
        reached: Reached = {
            "validation": goal.reward.value(model, goal.validation),
            "test": goal.reward.value(model, goal.test),
        }
        write_json(folder / "start.json", reached)

    depends = {
        "goal": goal.fingerprint,
        "base": model.version,
        "seed": ask.seed,
        "longest": min(ask.training.max_length, model.max_length),
        "reward": vars(goal.reward),
        "validation": len(goal.validation),
        "test": len(goal.test),
    }
    step = run.step("start", depends, make)
    reached: Reached = orjson.loads((step.path / "start.json").read_bytes())
    return reached
