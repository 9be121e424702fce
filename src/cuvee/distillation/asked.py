"""What ``cuvee distill`` was asked, bound and checked before anything runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cuvee import budget as budgets
from cuvee import commands, names
from cuvee.budget import Budget
from cuvee.commands import Mistakes, Setting
from cuvee.distillation.raters import (
    SCALES,
    WAYS,
    ByAgreement,
    ByColumn,
    ByJudge,
    ByLibrary,
    Rater,
    fitting,
    library_of,
)
from cuvee.errors import ConfigError
from cuvee.intake import judge as judging
from cuvee.intake.asked import PoolAsk, PoolOptions, bind_pool
from cuvee.intake.judge import JudgeOptions
from cuvee.models import causal
from cuvee.models.generation import Sampling
from cuvee.models.place import ModelPlace
from cuvee.publication.asked import Publishing

TRAINED, PROMPT = "trained", "prompt"
MERGING = {
    TRAINED: "as a distiller was taught: it thinks, then answers, each in a block",
    PROMPT: "by a prompt alone, for any chat model (MergeIT's way, arXiv 2503.00034)",
}


@dataclass(frozen=True, kw_only=True)
class RatingOptions:
    """How rows are rated, as typed; a way has no use for the settings of another."""

    rating: str
    library: str | None
    rating_column: str
    rating_scale: int
    correct: bool
    judge: JudgeOptions


@dataclass(frozen=True, kw_only=True)
class Grouping:
    """How weak rows are grouped. mean: rows of a cluster on average, 0: as few as may be. at_most: clusters, 0: all."""

    smallest: int
    largest: int
    mean: float
    at_most: int

    def check(self, wrong: Mistakes) -> None:
        """Put what cannot be into ``wrong``."""
        wrong.check(self._sensible)

    def _sensible(self) -> None:
        if not 1 <= self.smallest <= self.largest:
            raise ConfigError(f"clusters of {self.smallest} to {self.largest} rows", "give 1 <= smallest <= largest")
        if self.at_most < 0 or self.mean < 0:
            raise ConfigError("at-most and mean cannot be negative", "0 is no limit")


@dataclass(frozen=True, kw_only=True)
class DistillOptions:
    """``cuvee distill`` as typed."""

    pool: PoolOptions
    publishing: Publishing
    rating: RatingOptions
    grouping: Grouping
    model: str
    merging: str
    budget: str | float
    good: float
    share: float
    max_new_tokens: int
    place: ModelPlace = field(default_factory=ModelPlace)


@dataclass(frozen=True, kw_only=True)
class DistillAsk:
    """A checked ``cuvee distill``. model, base: the distiller, as named and as a folder. typed: every option.

    merging: how the model is asked, one of ``MERGING``. good: the rating from which a row is good. share: of distilled rows in
    the training set.
    """

    pool: PoolAsk
    publishing: Publishing
    rater: Rater
    grouping: Grouping
    model: str
    base: Path
    merging: str
    budget: Budget
    good: float
    share: float
    sampling: Sampling
    typed: Mapping[str, Setting]


def bind(options: DistillOptions) -> DistillAsk:
    """Check everything that can be checked without reading the data. Raises ConfigError for all mistakes at once."""
    wrong = Mistakes()
    budget = wrong.check(lambda: _rows(options.budget))
    rater = wrong.check(lambda: _rater(options))
    base = wrong.check(lambda: causal.folder_of(options.model))
    sampling = wrong.check(lambda: Sampling(max_new_tokens=options.max_new_tokens))
    wrong.check(partial(names.find, MERGING, options.merging, "--merging"))
    options.grouping.check(wrong)
    options.place.check(wrong)
    options.publishing.check(wrong)
    pool = bind_pool(options.pool, wrong)
    wrong.stop()
    return DistillAsk(
        pool=pool,
        publishing=options.publishing,
        rater=rater,
        grouping=options.grouping,
        model=options.model,
        base=base,
        merging=options.merging,
        budget=budget,
        good=options.good,
        share=options.share,
        sampling=sampling,
        typed=commands.settings("distill", options),
    )


def _rows(text: str | float) -> Budget:
    budget = budgets.parse(text)
    budget.rows(1)  # raises for a budget in tokens
    return budget


def _rater(options: DistillOptions) -> Rater:
    rating = options.rating
    way = names.find(dict(zip(WAYS, WAYS, strict=True)), rating.rating, "rating")
    if way == ByJudge.way:
        return ByJudge(judging.server_of(rating.judge), rating.correct)
    if way == ByColumn.way:
        return _by_column(rating)
    found = ByAgreement() if way == ByAgreement.way else _told_by_texts(options)
    if rating.correct:
        raise ConfigError(
            f"rating by {found.way} has no rater whose errors could be corrected", "--correct goes with judge or column"
        )
    return found


def _told_by_texts(options: DistillOptions) -> ByLibrary | ByAgreement:
    model, named = options.model, options.rating.library
    return ByLibrary(library_of(model, named)) if options.rating.rating == ByLibrary.way else fitting(model, named)


def _by_column(rating: RatingOptions) -> ByColumn:
    if not rating.rating_column:
        raise ConfigError("--rating column needs the column's name", "--rating-column NAME")
    if rating.rating_scale not in SCALES:
        raise ConfigError(f"rating-scale is {rating.rating_scale}", "5 (ratings 0 to 5) or 10 (ratings 1 to 10)")
    return ByColumn(rating.rating_column, rating.rating_scale, rating.correct)
