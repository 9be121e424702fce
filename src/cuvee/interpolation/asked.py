"""What ``cuvee interpolate`` was asked, bound and checked before anything runs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cuvee import budget as budgets
from cuvee import commands
from cuvee.budget import Budget
from cuvee.commands import Mistakes, Setting
from cuvee.errors import ConfigError
from cuvee.intake.asked import PoolAsk, PoolOptions, bind_pool
from cuvee.interpolation.blend import Blending
from cuvee.interpolation.mixing import Mixing
from cuvee.models import causal
from cuvee.models.place import ModelPlace
from cuvee.publication.asked import Publishing


@dataclass(frozen=True, kw_only=True)
class InterpolateOptions:
    """``cuvee interpolate`` as typed."""

    pool: PoolOptions
    publishing: Publishing
    model: str
    budget: str | float
    alpha: float
    blends: str | float
    clusters: int
    density: str
    real_share: float
    tasks: str
    pairing: str
    align: str
    as_: str
    weight: float | None
    space: str
    max_length: int
    place: ModelPlace = field(default_factory=ModelPlace)


@dataclass(frozen=True, kw_only=True)
class InterpolateAsk:
    """A checked ``cuvee interpolate``. base: folder of the model that will be tuned, model: as the user named it.

    typed: every option.
    """

    pool: PoolAsk
    publishing: Publishing
    blending: Blending
    budget: Budget
    base: Path
    model: str
    max_length: int
    typed: Mapping[str, Setting]

    @property
    def seed(self) -> int:
        """Of all chance."""
        return self.pool.seed


_TIMES = re.compile(r"(?P<times>\d+(\.\d+)?)x")


def bind(options: InterpolateOptions) -> InterpolateAsk:
    """Check everything that can be checked without reading the data. Raises ConfigError for all mistakes at once."""
    wrong = Mistakes()
    blending = wrong.check(partial(_blending, options))
    base = wrong.check(lambda: causal.folder_of(options.model))
    budget = wrong.check(lambda: budgets.parse(options.budget))
    options.place.check(wrong)
    options.publishing.check(wrong)
    pool = bind_pool(options.pool, wrong)
    wrong.stop()
    return InterpolateAsk(
        pool=pool,
        publishing=options.publishing,
        blending=blending,
        budget=budget,
        base=base,
        model=options.model,
        max_length=options.max_length,
        typed=commands.settings("interpolate", options),
    )


def _blending(options: InterpolateOptions) -> Blending:
    times, count = multiple(options.blends)
    mixing = Mixing(
        alpha=options.alpha,
        blends=times,
        count=count,
        clusters=options.clusters,
        density=options.density,
        pairing=options.pairing,
        rows=options.real_share,
        align=options.align,
        role=options.as_,
        weight=options.weight,
    )
    return Blending(mixing, options.tasks, options.space)


def multiple(text: str | float) -> tuple[float, int | None]:
    """Read "2x" as (2.0, None), twice the pool's rows, and "5000" or "5k" as (1.0, 5000). Raises ConfigError."""
    found = _TIMES.fullmatch(str(text).strip())
    if found:
        return float(found["times"]), None
    if str(text).strip() == "0":
        return 1.0, 0
    try:
        budget = budgets.parse(str(text))
        if budget.kind == "rows":
            return 1.0, int(budget.amount)
    except ConfigError:
        pass
    raise ConfigError(f"blends {text!r} cannot be read", "write a number (5000) or a multiple of the pool's rows (1x)")
