"""What ``cuvee interpolate`` was asked, bound and checked before anything runs."""

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cuvee import budget as budgets
from cuvee.budget import Budget
from cuvee.commands import Mistakes
from cuvee.errors import ConfigError
from cuvee.intake.asked import PoolAsk, ground_settings
from cuvee.interpolation.blend import Blending
from cuvee.interpolation.mixing import Mixing
from cuvee.models import causal


@dataclass(frozen=True)
class InterpolateAsk:
    """A checked ``cuvee interpolate``. base: folder of the model that will be tuned."""

    ground: PoolAsk
    settings: Blending
    budget: Budget
    base: Path
    max_length: int
    seed: int
    typed: dict[str, Any]


_TIMES = re.compile(r"(?P<times>\d+(\.\d+)?)x")


def bind(typed: dict[str, Any]) -> InterpolateAsk:
    """Check everything that can be checked without reading the data. Raises ConfigError for all mistakes at once."""
    wrong = Mistakes()
    settings = wrong.check(partial(_settings, typed))
    base = wrong.check(lambda: causal.folder_of(typed["model"]))
    ground = wrong.check(lambda: ground_settings(**{**typed, "method": "k-means", "model": None, "max_length": 0}))
    if typed["max_length"] < 2:
        wrong.check(lambda: _raise(ConfigError(f"max-length is {typed['max_length']}", "give at least 2 tokens")))
    wrong.stop()
    return InterpolateAsk(ground, settings, ground.request.budget, base, typed["max_length"], typed["seed"], typed)


def _raise(wrong: ConfigError) -> None:
    raise wrong


def _settings(typed: dict[str, Any]) -> Blending:
    times, count = multiple(typed["blends"])
    names = ("alpha", "clusters", "density", "rows", "pairing")
    mixing = Mixing(blends=times, count=count, **{name: typed[name] for name in names})
    if mixing.clusters < 1:
        raise ConfigError("clusters is 0", "give at least 1; 100 is the default")
    return Blending(mixing, typed["tasks"], typed["space"])


def multiple(text: str | float) -> tuple[float, int | None]:
    """Read "2x" as (2.0, None), twice the pool's rows, and "5000" or "5k" as (1.0, 5000). Raises ConfigError."""
    found = _TIMES.fullmatch(str(text).strip())
    if found:
        return float(found["times"]), None
    try:
        budget = budgets.parse(text)  # type: ignore[arg-type]
        if budget.kind == "rows":
            return 1.0, int(budget.amount)
    except ConfigError:
        pass
    raise ConfigError(f"blends {text!r} cannot be read", "write a number (5000) or a multiple of the pool's rows (1x)")
