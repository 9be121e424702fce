"""What all episodes share: the pool as the model reads it, the goal, what is seen of every row."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from cuvee import render
from cuvee.adaptation.asked import AdaptAsk
from cuvee.adaptation.goal import Goal, read_goal, without_goal
from cuvee.adaptation.seen import Seen, see
from cuvee.errors import InputError
from cuvee.intake.ground import Ground
from cuvee.models import causal
from cuvee.render import Encoded
from cuvee.runs import Run, write_json


@dataclass(frozen=True)
class EpisodeField:
    """What all episodes share. rows: token ids of every row of the pool. start: what the base model reaches on the goal."""

    ground: Ground
    rows: list[Encoded]
    goal: Goal
    seen: Seen
    start: dict[str, float]
    notes: list[str]


def prepared_from(run: Run, wanted: AdaptAsk, ground: Ground) -> EpisodeField:
    """Read the goal, drop its rows from a clean pool, render, see the rows, judge the base model."""
    model = causal.load(wanted.base)
    longest = min(wanted.training.max_length, model.max_length)
    goal = read_goal(
        run,
        wanted.goal,
        model.tokenizer,
        wanted.reward,
        test=wanted.goal_test,
        most=wanted.goal_rows,
        longest=longest,
        seed=wanted.seed,
    )
    ground = without_goal(ground, goal)
    ground, rows, notes = _rendered(ground, model.tokenizer, longest, wanted.training.batch)
    seen = see(run, wanted, ground)

    def make(folder: Path) -> None:
        parts = {"validation": goal.validation, "test": goal.test}
        write_json(folder / "start.json", {name: goal.reward.value(model, part) for name, part in parts.items()})

    depends = {"goal": goal.fingerprint, "base": model.version, "seed": wanted.seed, "longest": longest}
    depends["reward"] = vars(goal.reward)
    sizes = {"validation": len(goal.validation), "test": len(goal.test)}
    step = run.step("start", {**depends, **sizes}, make)
    start = orjson.loads((step.path / "start.json").read_bytes())
    return EpisodeField(ground, rows, goal, seen, start, [*goal.notes, *notes])


def _rendered(ground: Ground, tokenizer: Any, longest: int, batch: int) -> tuple[Ground, list[Encoded], list[str]]:
    """Return the ground without rows that have no answer to learn from, and the token ids of the others."""
    table = ground.pool.table
    rows = render.encode_all(
        table["messages"].to_pylist(), tokenizer, max_length=longest, tools=table["tools"].to_pylist()
    )
    empty = [at for at, row in enumerate(rows) if not row.answer[1:].any()]
    ground = ground.without([(row, "adapt", f"no answer within {longest} tokens", None) for row in empty])
    kept = [row for row in rows if row.answer[1:].any()]
    if len(kept) < batch:
        raise InputError(f"the pool has {len(kept)} rows to learn from, a step takes {batch}", "give more rows")
    cut = sum(row.cut > 0 for row in kept)
    return ground, kept, [f"{cut:,} rows are longer than {longest} tokens and lose their end"] if cut else []
