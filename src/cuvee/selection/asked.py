"""What ``cuvee select`` was asked, bound and checked before anything runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from cuvee import budget as budgets
from cuvee import commands, names
from cuvee.commands import Mistakes, Scalar, Setting, listed, pairs
from cuvee.errors import ConfigError
from cuvee.intake import judge
from cuvee.intake.asked import PoolAsk, PoolOptions, bind_pool
from cuvee.intake.judge import JudgeOptions, Judging
from cuvee.intake.score import ScoreModel
from cuvee.models.place import ModelPlace
from cuvee.publication.asked import Publishing
from cuvee.scorers import SCORERS
from cuvee.selection import quota
from cuvee.selection.choose import Request
from cuvee.selection.tried import tried
from cuvee.selectors import scores_needed, settings_of
from cuvee.selectors import space as spaces


@dataclass(frozen=True, kw_only=True)
class SelectOptions:
    """``cuvee select`` as typed."""

    pool: PoolOptions
    publishing: Publishing
    judge: JudgeOptions
    budget: str | float
    method: str
    settings: str | Mapping[str, Scalar]
    space: str
    quota: str | Mapping[str, str | float]
    scores: str | list[str]
    model: str | None
    max_length: int
    place: ModelPlace = field(default_factory=ModelPlace)


@dataclass(frozen=True, kw_only=True)
class SelectAsk:
    """A checked ``cuvee select``. scores: those that were asked for and those that the method reads. typed: every option."""

    pool: PoolAsk
    publishing: Publishing
    request: Request
    scores: list[str]
    score_model: ScoreModel
    judge: Judging | None
    typed: Mapping[str, Setting]


def bind(options: SelectOptions) -> SelectAsk:
    """Check everything that can be checked without reading the data. Raises ConfigError for all mistakes at once."""
    wrong = Mistakes()
    budget = wrong.check(lambda: budgets.parse(options.budget))
    settings = wrong.check(lambda: pairs(options.settings, "settings")) or {}
    needed = wrong.check(lambda: _needed(options.method, settings))
    scores = sorted({*listed(options.scores), *(needed or [])})
    if needed is not None:  # else what is wrong with method or settings is known
        wrong.check(partial(tried, options.method, settings, needed))
    wrong.check(partial(spaces.parse, options.space))
    for name in scores:
        wrong.check(partial(names.find, SCORERS, name, "score"))
    judging = wrong.check(lambda: judge.bind(options.judge, scores))
    quotas = wrong.check(lambda: quota.parse(options.quota)) or []
    options.place.check(wrong)
    options.publishing.check(wrong)
    pool = bind_pool(options.pool, wrong)
    wrong.stop()
    return SelectAsk(
        pool=pool,
        publishing=options.publishing,
        request=Request(budget, options.method, settings, pool.seed, options.space, ",".join(map(str, quotas))),
        scores=scores,
        score_model=ScoreModel(options.model, options.max_length or None),
        judge=judging,
        typed=commands.settings("select", options),
    )


def _needed(method: str, given: Mapping[str, Scalar]) -> list[str]:
    """Return the scores that a method will read. Raises ConfigError for an unknown method or setting."""
    known = settings_of(method)
    for name in given:
        if name not in known:
            raise ConfigError(
                f"{method} has no setting {name!r}", f"its settings: {', '.join(sorted(known)) or 'none'}"
            )
    return scores_needed(method, **given)
