"""What ``cuvee evolve`` was asked, bound and checked before anything runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cuvee import budget as budgets
from cuvee import commands, names
from cuvee.budget import Budget
from cuvee.commands import Mistakes, Setting
from cuvee.errors import ConfigError
from cuvee.evolution.rounds import Evolution
from cuvee.evolution.strategies import OVER, STRATEGIES
from cuvee.intake.asked import PoolAsk, PoolOptions, bind_pool
from cuvee.models import causal
from cuvee.publication.asked import Publishing
from cuvee.training.settings import Training


@dataclass(frozen=True, kw_only=True)
class EvolveOptions:
    """``cuvee evolve`` as typed."""

    pool: PoolOptions
    publishing: Publishing
    model: str
    init: int
    per_round: int
    rounds: int
    strategy: str
    whiten: int
    over: str
    unit: bool
    start: str | Path | None
    patience: int
    held_out: str | int
    epochs: float
    lr: float
    batch: int
    max_length: int
    lora: int


@dataclass(frozen=True, kw_only=True)
class EvolveAsk:
    """A checked ``cuvee evolve``. sizes: rows chosen when round 0, 1, ... trains; the last is the whole selection.

    model: the base as the user named it. start: the run whose kept rows are the first ones, None for random ones. typed:
    every option.
    """

    pool: PoolAsk
    publishing: Publishing
    plan: Evolution
    model: str
    sizes: list[int]
    held_out: Budget
    start: Path | None
    patience: int
    typed: Mapping[str, Setting]


def bind(options: EvolveOptions) -> EvolveAsk:
    """Check everything that can be checked without reading the data. Raises ConfigError for all mistakes at once."""
    wrong = Mistakes()
    strategy = wrong.check(partial(names.find, STRATEGIES, options.strategy, "strategy"))
    wrong.check(partial(names.find, OVER, options.over, "--over"))
    for name, least in (("init", 1), ("per_round", 1), ("rounds", 0), ("whiten", 0)):
        wrong.check(partial(_at_least, getattr(options, name), name, least))
    training = wrong.check(partial(_training, options))
    base = wrong.check(lambda: causal.folder_of(options.model))
    held_out = wrong.check(lambda: budgets.parse(options.held_out))
    options.publishing.check(wrong)
    pool = bind_pool(options.pool, wrong)
    wrong.stop()
    return EvolveAsk(
        pool=pool,
        publishing=options.publishing,
        plan=Evolution(base, strategy, training, options.whiten, None, pool.seed, options.over, options.unit),
        model=options.model,
        sizes=[options.init + options.per_round * number for number in range(options.rounds + 1)],
        held_out=held_out,
        start=Path(options.start) if options.start else None,
        patience=options.patience,
        typed=commands.settings("evolve", options),
    )


def _at_least(value: int, name: str, least: int) -> None:
    if value < least:
        hint = "0 is none" if least == 0 else "give at least 1 row"
        raise ConfigError(f"{name.replace('_', '-')} is {value}", hint)


def _training(options: EvolveOptions) -> Training:
    return Training(
        epochs=options.epochs,
        lr=options.lr,
        batch=options.batch,
        max_length=options.max_length,
        lora=options.lora or None,
    )
