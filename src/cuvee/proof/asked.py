"""What ``cuvee prove`` was asked, bound and checked before anything runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cuvee import budget as budgets
from cuvee import commands, names
from cuvee.budget import Budget
from cuvee.commands import Mistakes, Paths, Setting, listed, paths
from cuvee.errors import ConfigError
from cuvee.intake.asked import PoolAsk, PoolOptions, bind_pool
from cuvee.intake.score import ScoreModel
from cuvee.models import causal
from cuvee.models.place import ModelPlace
from cuvee.proof.arms import goals_of, parse
from cuvee.proof.kinds import Arm
from cuvee.training.settings import Training

UNITS = {"loss": "nats per answer token", "exact_match": "share of answers that are right word for word"}
"""Of every metric that arms can be judged by; its direction stands in ``evaluation.table.MEASURES``."""

EPOCHS = "epochs"
SAME = {"updates": "every arm takes the same number of optimiser steps", EPOCHS: "every arm sees its rows as often"}


@dataclass(frozen=True, kw_only=True)
class ProofOptions:
    """``cuvee prove`` as typed."""

    pool: PoolOptions
    arms: str | list[str]
    budget: str | float
    model: str
    seeds: int
    reference: str
    same: str
    held_out: str | float
    on: Paths
    metrics: str | list[str]
    max_new_tokens: int
    level: float
    pair_seeds: bool
    epochs: float
    lr: float
    batch: int
    max_length: int
    lora: int
    place: ModelPlace = field(default_factory=ModelPlace)


@dataclass(frozen=True, kw_only=True)
class JudgedBy:
    """How arms are judged and compared. metrics: names in ``UNITS``. level: probability that all intervals hold together."""

    metrics: list[str]
    max_new_tokens: int
    reference: str
    level: float
    pair_seeds: bool


@dataclass(frozen=True, kw_only=True)
class ProofAsk:
    """A checked ``cuvee prove``.

    amount: the budget as it was typed; model: the base likewise. seeds: the numbers of the training runs. same: a name in
    ``SAME``. held_out: rows that no arm trains on; on: evaluation files in their place, or none. typed: every option.
    """

    pool: PoolAsk
    arms: list[Arm]
    budget: Budget
    amount: str
    seeds: tuple[int, ...]
    same: str
    model: str
    base: Path
    score_model: ScoreModel
    training: Training
    held_out: Budget
    on: list[str]
    judged_by: JudgedBy
    typed: Mapping[str, Setting]


def bind(options: ProofOptions) -> ProofAsk:
    """Check everything that can be checked without reading the data. Raises ConfigError for all mistakes at once."""
    wrong = Mistakes()
    budget = wrong.check(lambda: budgets.parse(options.budget))
    arms = [wrong.check(partial(parse, text)) for text in listed(options.arms)]
    known = [arm for arm in arms if arm]
    wrong.check(partial(names.find, SAME, options.same, "--same"))
    wrong.check(partial(_check_arms, options, [arm.label for arm in known]))
    judged_by = _judged_by(options, wrong)
    training = wrong.check(lambda: _training(options))
    held_out = wrong.check(lambda: budgets.parse(options.held_out))
    base = wrong.check(lambda: causal.folder_of(options.model))
    options.place.check(wrong)
    on = paths(options.on)
    # no arm may learn from the questions, nor from a goal's rows
    pool = bind_pool(options.pool, wrong, guarded=[*on, *goals_of(known)])
    wrong.stop()
    return ProofAsk(
        pool=pool,
        arms=arms,
        budget=budget,
        amount=str(options.budget),
        seeds=tuple(range(pool.seed, pool.seed + options.seeds)),
        same=options.same,
        model=str(options.model),
        base=base,
        score_model=ScoreModel(options.model, options.max_length),
        training=training,
        held_out=held_out,
        on=on,
        judged_by=judged_by,
        typed=commands.settings("prove", options),
    )


def _training(options: ProofOptions) -> Training:
    return Training(
        epochs=options.epochs,
        lr=options.lr,
        batch=options.batch,
        max_length=options.max_length,
        lora=options.lora or None,
    )


def _judged_by(options: ProofOptions, wrong: Mistakes) -> JudgedBy:
    metrics = listed(options.metrics)
    if not metrics:
        wrong.found.append(ConfigError("--metrics names none", "write loss, exact_match, or both with a comma"))
    for metric in metrics:
        wrong.check(partial(names.find, UNITS, metric, "--metrics"))
    return JudgedBy(
        metrics=metrics,
        max_new_tokens=options.max_new_tokens,
        reference=options.reference,
        level=options.level,
        pair_seeds=options.pair_seeds,
    )


def _check_arms(options: ProofOptions, labels: Sequence[str]) -> None:
    if len(set(labels)) < len(labels):
        raise ConfigError("an arm is named twice", "name each once; `random,uniform` are two draws of the same kind")
    if options.reference not in labels:
        raise ConfigError(f"the reference {options.reference!r} is not an arm", "add it to --arms, or name another")
