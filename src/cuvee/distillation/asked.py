"""What ``cuvee distill`` was asked, bound and checked before anything runs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cuvee import budget as budgets
from cuvee import names
from cuvee.commands import Mistakes, pairs
from cuvee.distillation import rate as rating
from cuvee.distillation.rate import How
from cuvee.errors import ConfigError
from cuvee.intake import judge as judging
from cuvee.intake.asked import PoolAsk, ground_settings
from cuvee.models import causal
from cuvee.models.generation import Sampling


@dataclass(frozen=True)
class DistillAsk:
    """A checked ``cuvee distill``. base: folder of the distiller."""

    ground: PoolAsk
    budget: budgets.Budget
    how: How
    base: Path
    sampling: Sampling
    typed: dict[str, Any]


def bind(typed: dict[str, Any]) -> DistillAsk:
    """Check everything that can be checked without reading the data. Raises ConfigError for all mistakes at once."""
    wrong = Mistakes()
    budget = wrong.check(lambda: budgets.parse(typed["budget"]))
    how = wrong.check(lambda: _how(typed))
    base = wrong.check(lambda: causal.folder_of(typed["model"]))
    sampling = wrong.check(lambda: Sampling(max_new_tokens=typed["max_new_tokens"]))
    wrong.check(lambda: _sensible(typed))
    wrong.stop()
    if budget.kind == "tokens":
        raise ConfigError("a budget in tokens has no number of rows", "give rows or a share here")
    ground = ground_settings(**{**typed, "method": "uniform"})
    return DistillAsk(ground, budget, how, base, sampling, typed)


def _how(typed: dict[str, Any]) -> How:
    if typed["correct"] and typed["rating"] == "bayes":
        raise ConfigError(
            "KNN-Bayes has no rater whose errors could be corrected", "--correct goes with judge or column"
        )
    way = names.find({name: name for name in rating.WAYS}, typed["rating"], "rating")
    if way == "judge":
        judge = judging.server_of(typed, pairs(typed["judge_settings"], "judge-settings"))
        return How(way, judge=judge, correct=typed["correct"])
    if way == "column":
        if not typed["rating_column"]:
            raise ConfigError("--rating column needs the column's name", "--rating-column NAME")
        if typed["rating_scale"] not in (5, 10):
            raise ConfigError(f"rating-scale is {typed['rating_scale']}", "5 (ratings 0 to 5) or 10 (ratings 1 to 10)")
        return How(way, column=typed["rating_column"], scale=typed["rating_scale"], correct=typed["correct"])
    return How(way, library=rating.library_of(str(typed["model"]), typed["library"]))


def _sensible(typed: dict[str, Any]) -> None:
    if not 1 <= typed["smallest"] <= typed["largest"]:
        raise ConfigError(
            f"clusters of {typed['smallest']} to {typed['largest']} rows", "give 1 <= smallest <= largest"
        )
    if not 0 <= typed["share"] <= 1:
        raise ConfigError(f"share is {typed['share']}", "give a share of distilled rows from 0 to 1")
    if typed["at_most"] < 0 or typed["mean"] < 0:
        raise ConfigError("at-most and mean cannot be negative", "0 is no limit")
