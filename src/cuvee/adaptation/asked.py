"""Adapt: what was asked, checked before anything runs. What then happens stands in ``steps.episodes``."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cuvee import budget as budgets
from cuvee import names
from cuvee.adaptation.reward import Reward
from cuvee.budget import Budget
from cuvee.commands import Mistakes, pairs, paths
from cuvee.errors import ConfigError
from cuvee.intake import plan as plans
from cuvee.intake.asked import PoolAsk, ground_settings
from cuvee.models import causal
from cuvee.result import Result
from cuvee.training.settings import Training

TAKEN = ("goal_rows", "clusters", "per_cluster", "episodes", "every", "repeats", "aux", "seed")
FINAL = {"top": "the best rows by score", "sample": "drawn as in the episodes"}
LOWEST = {
    "clusters": 1,
    "per_cluster": 1,
    "episodes": 0,
    "steps": 2,
    "every": 1,
    "goal_rows": 1,
    "final_steps": 0,
    "repeats": 0,
}


@dataclass(frozen=True)
class AdaptAsk:
    """A checked ``cuvee adapt``. training: of every episode. final: of the last run. aux: the model that reads the rows, None
    where it is the trained one or the policy's own. repeats: how often a row may be taken in a run, 0 without limit. top:
    whether the final run takes the best rows, or draws as the episodes do. ppo: settings of the learner by name.
    """

    ground: PoolAsk
    base: Path
    training: Training
    final: Training
    goal: list[str]
    goal_test: Budget
    goal_rows: int
    reward: Reward
    clusters: int
    per_cluster: int
    episodes: int
    every: int
    repeats: int
    top: bool
    subset: Budget
    aux: str | None
    policy: Path | None
    ppo: dict[str, Any]
    seed: int
    typed: dict[str, Any]


def bind(typed: dict[str, Any]) -> AdaptAsk:
    """Check everything that can be checked without reading the data. Raises ConfigError for all mistakes at once."""
    wrong = Mistakes()
    for name, low in LOWEST.items():
        wrong.check(partial(_at_least, typed[name], low, name))
    ppo = wrong.check(lambda: learner(pairs(typed["ppo"], "ppo"))) or {}
    wrong.check(lambda: names.find(FINAL, typed["final_picks"], "--final-picks"))
    reward = wrong.check(lambda: Reward(typed["reward"], typed["max_new_tokens"]))
    subset = wrong.check(lambda: _rows(typed["subset"]))
    goal_test = wrong.check(lambda: _rows(typed["goal_test"]))
    policy = Path(typed["policy"]) if typed["policy"] else None
    if not typed["episodes"] and policy is None:
        wrong.check(
            partial(_fail, "no episodes, and no policy to use", "give --episodes, or --policy of an earlier run")
        )
    batch = max(1, typed["clusters"] * typed["per_cluster"])
    training = wrong.check(lambda: _training(typed, typed["steps"], batch))
    final = wrong.check(lambda: _training(typed, typed["final_steps"] or typed["steps"], batch))
    base = wrong.check(lambda: causal.folder_of(typed["model"]))
    wrong.check(lambda: causal.folder_of(typed["aux"]) if typed["aux"] else None)
    wrong.stop()
    goal = paths(typed["goal"])
    guarded = [*paths(typed["decontaminate"]), *goal]
    ground = ground_settings(**{**typed, "decontaminate": guarded, "budget": "1", "method": "uniform", "model": None})
    return AdaptAsk(
        ground, base, training, final, goal, goal_test, policy=policy,
        reward=reward, ppo=ppo, subset=subset, typed=typed,
        top=typed["final_picks"] == "top", **{name: typed[name] for name in TAKEN},
    )  # fmt: skip


def learner(given: dict[str, Any]) -> dict[str, Any]:
    """Check settings of PPO by name. Raises ConfigError for one that is not known or is no number above 0 (0 and up)."""
    from dataclasses import fields

    from cuvee.adaptation.ppo import Learner

    known = {field.name: field.type for field in fields(Learner)}
    for name, value in given.items():
        if name not in known:
            raise ConfigError(f"ppo has no setting {name!r}", f"its settings: {', '.join(known)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise ConfigError(f"ppo {name} is {value!r}", "give a number, 0 or more")
    return given


def _training(typed: dict[str, Any], steps: int, batch: int) -> Training:
    asked = ("lr", "max_length", "schedule", "warmup", "save_every")
    return Training(steps=steps, batch=batch, lora=typed["lora"] or None, **{name: typed[name] for name in asked})


def _rows(text: str) -> Budget:
    budget = budgets.parse(text)
    if budget.kind == "tokens" or budget.amount <= 0:
        raise ConfigError(f"{text!r} is no number of rows", "write rows (1000) or a share (5%)")
    return budget


def _at_least(value: int, low: int, name: str) -> None:
    if value < low:
        raise ConfigError(f"{name.replace('_', '-')} is {value}", f"give {low} or more")


def _fail(message: str, hint: str) -> None:
    raise ConfigError(message, hint)


def plan(wanted: AdaptAsk, out: Path) -> Result:
    """Say what would be done: how many trainings, steps and readings of the goal."""
    planned = plans.plan(wanted.ground, out)
    told = planned.summary["plan"]
    rows, steps, final = told["rows"], wanted.training.steps or 0, wanted.final.steps or 0
    batch, decisions = wanted.training.batch, -(-steps // wanted.every)
    told["steps"] = [
        "read, clean, and drop what stands in the goal",
        f"read {rows:,} rows three times with the auxiliary model, as far as the store lacks them",
        f"train {wanted.episodes} episodes of {steps:,} steps x {batch} rows, each on {wanted.subset.rows(rows):,} rows, "
        f"and look at up to {wanted.goal_rows} rows of the goal {decisions:,} times in each",
        f"train the final model: {final:,} steps x {batch} rows of the whole pool",
        f"publish to {out}",
    ]  # fmt: skip
    told.pop("seconds", None)
    return planned
