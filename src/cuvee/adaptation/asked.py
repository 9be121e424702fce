"""What ``cuvee adapt`` was asked, bound and checked before anything runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cuvee import budget as budgets
from cuvee import commands, names
from cuvee.adaptation.reward import LOSS, Reward
from cuvee.budget import Budget
from cuvee.commands import Mistakes, Paths, Scalar, Setting, pairs, paths
from cuvee.errors import ConfigError, InputError
from cuvee.intake.asked import PoolAsk, PoolOptions, bind_pool
from cuvee.models import causal
from cuvee.models.place import ModelPlace
from cuvee.publication.asked import Publishing
from cuvee.samples.questions import answered, evaluation_items
from cuvee.training.settings import Training

if TYPE_CHECKING:
    from cuvee.adaptation.ppo import Learner

FINAL = {"top": "the best rows by score", "sample": "drawn as in the episodes"}


@dataclass(frozen=True, kw_only=True)
class AdaptOptions:
    """``cuvee adapt`` as typed."""

    pool: PoolOptions
    publishing: Publishing
    goal: Paths
    model: str
    clusters: int
    per_cluster: int
    episodes: int
    steps: int
    final_steps: int
    subset: str | float
    every: int
    repeats: int
    probes: int
    random_start: float
    final_picks: str
    goal_test: str
    goal_rows: int
    reward: str
    max_new_tokens: int
    aux: str | None
    policy: Path | None
    ppo: str | Mapping[str, Scalar]
    lr: float
    schedule: str
    warmup: float
    max_length: int
    lora: int
    save_every: int
    place: ModelPlace = field(default_factory=ModelPlace)


@dataclass(frozen=True, kw_only=True)
class GoalAsk:
    """What to get better at. test: how much of it is only judged on. rows: of the rest, looked at after a decision."""

    files: list[str]
    test: Budget
    rows: int
    reward: Reward


@dataclass(frozen=True, kw_only=True)
class LearnAsk:
    """All that ``episodes.learnt`` needs to know, whatever pool it works on: a proof's arm makes one of its own.

    model: the base as it was named. training: of every episode. final: of the last run. clusters, per_cluster: groups of
    rows, and rows of each in a step. subset: what an episode picks from. every: steps between decisions. repeats: how often
    a row may be taken in a run, 0 without limit. probes: rows that a first policy is fitted to, 0 for none. random_start:
    share of a training's steps, from its first, that take random rows. top: whether the final run takes the best rows, or
    draws as the episodes do. aux: the model that reads the rows, None where it is the base or the policy's own. policy:
    where to start from. learner: of PPO.
    """

    model: str
    base: Path
    training: Training
    final: Training
    goal: GoalAsk
    clusters: int
    per_cluster: int
    episodes: int
    subset: Budget
    every: int
    repeats: int
    probes: int
    random_start: float
    top: bool
    aux: str | None
    policy: Path | None
    learner: "Learner"
    seed: int


@dataclass(frozen=True, kw_only=True)
class AdaptAsk:
    """A checked ``cuvee adapt``. typed: every option."""

    pool: PoolAsk
    publishing: Publishing
    learn: LearnAsk
    typed: Mapping[str, Setting]


def bind(options: AdaptOptions) -> AdaptAsk:
    """Check everything that can be checked without reading the data. Raises ConfigError for all mistakes at once."""
    wrong = Mistakes()
    _check_policy(options, wrong)
    wrong.check(partial(names.find, FINAL, options.final_picks, "--final-picks"))
    learn = _learn(options, wrong)
    options.place.check(wrong)
    options.publishing.check(wrong)
    pool = bind_pool(options.pool, wrong, guarded=learn.goal.files)
    wrong.stop()
    return AdaptAsk(pool=pool, publishing=options.publishing, learn=learn, typed=commands.settings("adapt", options))


def _learn(options: AdaptOptions, wrong: Mistakes) -> LearnAsk:
    if options.aux:
        wrong.check(partial(causal.folder_of, options.aux))
    return LearnAsk(
        model=options.model,
        base=wrong.check(lambda: causal.folder_of(options.model)),
        training=wrong.check(lambda: _training(options, options.steps)),
        final=wrong.check(lambda: _training(options, options.final_steps or options.steps)),
        goal=_goal(options, wrong),
        clusters=options.clusters,
        per_cluster=options.per_cluster,
        episodes=options.episodes,
        subset=wrong.check(lambda: _rows(options.subset)),
        every=options.every,
        repeats=options.repeats,
        probes=options.probes,
        random_start=options.random_start,
        top=options.final_picks == "top",
        aux=options.aux,
        policy=Path(options.policy) if options.policy else None,
        learner=wrong.check(lambda: learner(pairs(options.ppo, "ppo"))),
        seed=options.pool.seed,
    )


def _goal(options: AdaptOptions, wrong: Mistakes) -> GoalAsk:
    return GoalAsk(
        files=wrong.check(lambda: _goal_files(paths(options.goal), options.reward)) or [],
        test=wrong.check(lambda: _rows(options.goal_test)),
        rows=options.goal_rows,
        reward=wrong.check(lambda: Reward(options.reward, options.max_new_tokens)),
    )


def _goal_files(files: list[str], reward: str) -> list[str]:
    """Return the goal's files. Raises InputError where they hold too little to learn from and be judged on."""
    asked = len(evaluation_items(files))
    if asked < 2:
        count = f"{asked} example{'s' * (asked != 1)}"
        raise InputError(f"the goal has {count}", "give at least 2: one to learn from, one to judge")
    if reward == LOSS and not answered(files):
        raise InputError("no example of the goal has an answer", "give answers, or --reward passed for code")
    return files


def learner(given: Mapping[str, Scalar]) -> "Learner":
    """Return the settings of PPO. Raises ConfigError for one that is not known or is no number from 0 up."""
    from cuvee.adaptation.ppo import Learner

    known = [field.name for field in fields(Learner)]
    for name, value in given.items():
        if name not in known:
            raise ConfigError(f"ppo has no setting {name!r}", f"its settings: {', '.join(known)}")
        if isinstance(value, bool | str) or value < 0:
            raise ConfigError(f"ppo {name} is {value!r}", "give a number, 0 or more")
    return Learner(**given)  # type: ignore[arg-type]  # a whole number stands for itself as a float


def _training(options: AdaptOptions, steps: int) -> Training:
    return Training(
        steps=steps,
        batch=max(1, options.clusters * options.per_cluster),
        lora=options.lora or None,
        lr=options.lr,
        max_length=options.max_length,
        schedule=options.schedule,
        warmup=options.warmup,
        save_every=options.save_every,
    )


def _rows(text: str | float) -> Budget:
    budget = budgets.parse(text)
    if budget.kind == "tokens" or budget.amount <= 0:
        raise ConfigError(f"{text!r} is no number of rows", "write rows (1000) or a share (5%)")
    return budget


def _check_policy(options: AdaptOptions, wrong: Mistakes) -> None:
    if not options.episodes and not options.policy and not options.probes:
        wrong.check(_nothing_to_use)


def _nothing_to_use() -> None:
    raise ConfigError(
        "no episodes, no probes, and no policy to use", "give --episodes or --probes, or --policy of an earlier run"
    )
