"""What ``cuvee search`` was asked, bound and checked before anything runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from cuvee import budget as budgets
from cuvee import commands
from cuvee.commands import Mistakes, Paths, Setting, paths
from cuvee.errors import ConfigError
from cuvee.intake.asked import PoolOptions, bind_pool
from cuvee.models import causal
from cuvee.models.place import ModelPlace
from cuvee.proof.asked import ProofAsk, ProofOptions
from cuvee.proof.asked import bind as bind_proof
from cuvee.proof.choosing_arms import RANDOM
from cuvee.proof.earlier_arms import is_run
from cuvee.samples.questions import evaluation_items

FEWEST = 4  # trials: with fewer there is nothing to halve


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """``cuvee search`` as typed."""

    pool: PoolOptions
    budget: str | float
    model: str
    trials: int
    goal: Paths
    distilled: Path | None
    control: bool
    seeds: int
    held_out: str | float
    level: float
    epochs: float
    lr: float
    batch: int
    max_length: int
    lora: int
    place: ModelPlace = field(default_factory=ModelPlace)


@dataclass(frozen=True, kw_only=True)
class SearchAsk:
    """A checked ``cuvee search``.

    trials: trainings of recipes. goal: the file that methods with a goal are told, None without. distilled: an earlier run
    whose new rows recipes may begin with. control: whether recipes drawn at random are given as many trials. typed: every
    option.
    """

    options: SearchOptions
    trials: int
    goal: str | None
    distilled: Path | None
    control: bool
    typed: Mapping[str, Setting]

    def proof(self, arms: list[str], seeds: Sequence[int], *, primary: str | None = None) -> ProofAsk:
        """Return the proof of these arms on this pool, with these seeds. primary: as of ``cuvee prove``."""
        asked = self.options
        bound = bind_proof(
            ProofOptions(
                pool=asked.pool,
                arms=list(dict.fromkeys(arms)),
                budget=asked.budget,
                model=asked.model,
                seeds=len(seeds),
                reference=RANDOM,
                same="updates",
                held_out=asked.held_out,
                on=None,
                metrics="loss",
                max_new_tokens=32,
                level=asked.level,
                pair_seeds=False,
                epochs=asked.epochs,
                lr=asked.lr,
                batch=asked.batch,
                max_length=asked.max_length,
                lora=asked.lora,
                primary=primary,
                plan=None,
                confirm=None,
                together="auto",
                trunk=0,
                lrs="",
                place=asked.place,
            )
        )
        return replace(bound, seeds=tuple(seeds))


def bind(options: SearchOptions) -> SearchAsk:
    """Check everything that can be checked without reading the data. Raises ConfigError for all mistakes at once."""
    wrong = Mistakes()
    wrong.check(lambda: budgets.parse(options.budget).rows(1))
    wrong.check(lambda: budgets.parse(options.held_out).rows(1))
    wrong.check(partial(causal.folder_of, options.model))
    wrong.check(partial(_enough, options.trials))
    goal = wrong.check(partial(_goal, paths(options.goal)))
    if options.distilled:
        wrong.check(partial(_distilled, Path(options.distilled)))
    options.place.check(wrong)
    bind_pool(options.pool, wrong)
    wrong.stop()
    return SearchAsk(
        options=options,
        trials=options.trials,
        goal=goal,
        distilled=Path(options.distilled) if options.distilled else None,
        control=options.control,
        typed=commands.settings("search", options),
    )


def _enough(trials: int) -> None:
    if trials < FEWEST:
        raise ConfigError(f"{trials} trials leave nothing to halve", f"give {FEWEST} or more")


def _goal(files: list[str]) -> str | None:
    if len(files) > 1:
        raise ConfigError(f"{len(files)} files of a goal", "name one")
    if files and len(evaluation_items(files)) < 2:
        raise ConfigError(f"{files[0]} has fewer than 2 examples", "give more: one to learn from, one to judge")
    return files[0] if files else None


def _distilled(run: Path) -> None:
    if not is_run(run):
        raise ConfigError(f"{run} is no finished run", "name the folder that `cuvee distill` made of this pool")
