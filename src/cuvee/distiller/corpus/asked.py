"""What ``cuvee distill corpus`` was asked, bound and checked before anything runs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cuvee import commands
from cuvee.commands import Mistakes, Setting, listed
from cuvee.distiller import kinds
from cuvee.distiller.offline import Recipe
from cuvee.errors import ConfigError
from cuvee.intake import judge as judging
from cuvee.intake.asked import PoolAsk, PoolOptions, bind_pool
from cuvee.intake.judge import JudgeOptions, Judging


@dataclass(frozen=True, kw_only=True)
class DistillCorpusOptions:
    """``cuvee distill corpus`` as typed."""

    pool: PoolOptions
    judge: JudgeOptions
    offline: bool
    kinds: str | list[str]
    variants: str
    merged: float
    noisy: float
    limit: int | None


@dataclass(frozen=True)
class ByRule:
    """Good rows are made weak by rule."""

    made: str = "by rule, from a good pool"


@dataclass(frozen=True)
class ByStrong:
    """A strong model rewrites, rates and weakens."""

    judging: Judging

    @property
    def made(self) -> str:
        """How the corpus was made, in words."""
        return f"by {self.judging.server.model}"


@dataclass(frozen=True, kw_only=True)
class DistillCorpusAsk:
    """A checked ``cuvee distill corpus``. limit: passages or rows to take, 0 for all. typed: every option."""

    pool: PoolAsk
    maker: ByRule | ByStrong
    recipe: Recipe
    limit: int
    typed: Mapping[str, Setting]


def bind(options: DistillCorpusOptions) -> DistillCorpusAsk:
    """Check everything that can be checked without reading the data. Raises ConfigError for all mistakes at once."""
    wrong = Mistakes()
    maker = wrong.check(lambda: _maker(options))
    chosen = wrong.check(lambda: tuple(kinds.find(name).name for name in listed(options.kinds)))
    variants = wrong.check(lambda: _variants(options.variants))
    pool = bind_pool(options.pool, wrong)
    wrong.stop()
    return DistillCorpusAsk(
        pool=pool,
        maker=maker,
        recipe=Recipe(chosen, variants, options.merged, options.noisy, pool.seed),
        limit=options.limit or 0,
        typed=commands.settings("distill corpus", options),
    )


def _maker(options: DistillCorpusOptions) -> ByRule | ByStrong:
    if options.offline == bool(options.judge.base_url):
        raise ConfigError(
            "a corpus is made by a strong model or by rule", "--base-url URL --judge-model NAME, or --offline"
        )
    return ByRule() if options.offline else ByStrong(judging.server_of(options.judge))


def _variants(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+)-(\d+)", str(text))
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise ConfigError(f"variants {text!r} cannot be read", "write fewest and most: 2-20")
    return int(found[1]), int(found[2])
