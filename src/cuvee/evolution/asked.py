"""What ``cuvee evolve`` was asked, bound and checked before anything runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cuvee import budget as budgets
from cuvee import commands, names
from cuvee.budget import Budget
from cuvee.commands import Mistakes, Setting
from cuvee.evolution.rounds import Evolution
from cuvee.evolution.space import space_of
from cuvee.evolution.strategies import STRATEGIES
from cuvee.intake.asked import PoolAsk, PoolOptions, bind_pool, earlier
from cuvee.models import causal
from cuvee.models.place import ModelPlace
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
    space: str
    start: str | Path | None
    patience: int
    held_out: str | float
    epochs: float
    lr: float
    batch: int
    max_length: int
    lora: int
    place: ModelPlace = field(default_factory=ModelPlace)


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
    training = wrong.check(partial(_training, options))
    space = wrong.check(lambda: space_of(options.space, options.whiten))
    base = wrong.check(lambda: causal.folder_of(options.model))
    held_out = wrong.check(lambda: budgets.parse(options.held_out))
    if options.start:
        wrong.check(lambda: earlier(options.start or "", "start"))
    options.place.check(wrong)
    options.publishing.check(wrong)
    pool = bind_pool(options.pool, wrong)
    wrong.stop()
    return EvolveAsk(
        pool=pool,
        publishing=options.publishing,
        plan=Evolution(base, strategy, training, space, None, pool.seed),
        model=options.model,
        sizes=[options.init + options.per_round * number for number in range(options.rounds + 1)],
        held_out=held_out,
        start=Path(options.start) if options.start else None,
        patience=options.patience,
        typed=commands.settings("evolve", options),
    )


def _training(options: EvolveOptions) -> Training:
    return Training(
        epochs=options.epochs,
        lr=options.lr,
        batch=options.batch,
        max_length=options.max_length,
        lora=options.lora or None,
    )
