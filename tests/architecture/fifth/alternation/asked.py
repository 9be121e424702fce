"""What ``cuvee alternate`` was asked, bound and checked before anything runs."""

from collections.abc import Mapping
from dataclasses import dataclass

from cuvee import budget as budgets
from cuvee import commands
from cuvee.budget import Budget
from cuvee.commands import Mistakes, Setting
from cuvee.intake.asked import PoolAsk, PoolOptions, bind_pool
from cuvee.publication.asked import Publishing


@dataclass(frozen=True, kw_only=True)
class AlternateOptions:
    """``cuvee alternate`` as typed."""

    pool: PoolOptions
    publishing: Publishing
    budget: str


@dataclass(frozen=True, kw_only=True)
class AlternateAsk:
    """A checked ``cuvee alternate``. typed: every option."""

    pool: PoolAsk
    publishing: Publishing
    budget: Budget
    typed: Mapping[str, Setting]


def bind(options: AlternateOptions) -> AlternateAsk:
    """Check what can be checked without reading the data. Raises ConfigError for all mistakes at once."""
    wrong = Mistakes()
    budget = wrong.check(lambda: budgets.parse(options.budget))
    if budget is not None:
        wrong.check(lambda: budget.rows(1))  # in tokens it has no number of rows
    options.publishing.check(wrong)
    pool = bind_pool(options.pool, wrong)
    wrong.stop()
    return AlternateAsk(
        pool=pool, publishing=options.publishing, budget=budget, typed=commands.settings("alternate", options)
    )
