"""A policy that was learnt, used on other rows and by somebody else's trainer (``training.following``).

Imports torch through the policy; import it late.
"""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast, get_type_hints

import numpy as np

from cuvee.adaptation.asked import AdaptAsk, AdaptOptions, bind
from cuvee.arrays import I64
from cuvee.errors import ConfigError, InputError
from cuvee.intake.given import plain
from cuvee.intake.ground import Ground, prepare
from cuvee.models.needs import need
from cuvee.result import Result
from cuvee.runs import manifest_of, open_run
from cuvee.training.feeds import State

if TYPE_CHECKING:
    from torch import nn

    from cuvee.adaptation.feed import Picked

T = TypeVar("T")


class PolicyFeed:
    """The rows that a policy picks, by their numbers in the data that was given. batch: rows of a step."""

    def __init__(self, picked: "Picked", judge: "Callable[[nn.Module], float]") -> None:
        self.picked, self.batch, self.judged = picked, picked.batch, judge

    def next(self, step: int) -> I64:
        """Return the rows of a step."""
        return self.picked.next(step)

    def observe(self, step: int, reward: float) -> None:
        """Learn how good the model is after a step."""
        self.picked.observe(step, reward)

    def state(self) -> State:
        """Return what was picked and observed."""
        return self.picked.state()

    def restore(self, state: State) -> None:
        """Go on as the feed that had this state."""
        self.picked.restore(state)

    def ends(self, step: int) -> bool:
        """Return whether what is observed after this step is looked at."""
        return self.picked.ends(step)

    def begin(self, performance: float) -> None:
        """Learn how good the model is before the first step."""
        self.picked.performance[0] = performance

    def judge(self, model: "nn.Module") -> float:
        """Return how good a model is on the goal, higher is better."""
        return self.judged(model)


def policy_feed(
    run: str | PathLike[str] | Result, data: object, *, steps: int, sample: int | None = None
) -> PolicyFeed:
    """Return the feed of a learnt policy over the rows of other data, for ``cuvee.follow``.

    run: of ``cuvee adapt``: its policy, goal, groups, rows of a step and cleaning are used. data: one file, table, data set or
    list of rows: the trainer's data, in its order; a row that falls in cleaning is never picked. steps: of the whole training.
    sample: seed of picks that are drawn as the episodes draw them; None takes the best rows. Each row is read by the policy's
    auxiliary model, as far as the store lacks it, and the model under training is judged on the goal with the tokenizer
    of the run's base. Raises InputError for more than one file, ConfigError where there is no such run.
    """
    need("torch", "transformers", "accelerate", "safetensors", purpose="cuvee.policy_feed")
    from cuvee.adaptation import folder
    from cuvee.adaptation.course import Course
    from cuvee.adaptation.field import prepared_from
    from cuvee.models import causal

    place = run.folder if isinstance(run, Result) else Path(run)
    ask = _asked(place, data)
    with tempfile.TemporaryDirectory() as out, open_run(Path(out)) as work:
        field = prepared_from(work, ask.learn, prepare(work, ask.pool))
        seen = field.seen.rows
        rows = replace(seen, columns=np.array(seen.columns), numbers=_numbers(field.ground)[seen.numbers])
        training = replace(ask.learn.final, steps=steps)
        picked = Course(ask.learn, field).feed(rows, folder.read(place), training, seed=sample)
    judge = ask.learn.goal.reward.performance(causal.load(ask.learn.base), field.goal.validation)
    return PolicyFeed(picked, judge)


def _asked(place: Path, data: object) -> AdaptAsk:
    """Return what a run was asked, of other data and with its policy as it is now."""
    told = manifest_of(place)
    if told.get("verb") != "adapt":
        raise ConfigError(f"{place} is no run of `cuvee adapt`", "name one that is finished")
    files = plain(data)
    if not isinstance(files, str | Path):
        raise InputError("a policy picks among the rows of one file or table", "give the trainer's data as one")
    typed = {**told["settings"], "data": [str(files)], "policy": place, "episodes": 0}
    return bind(_options(AdaptOptions, typed))


def _options(kind: Callable[..., T], typed: Mapping[str, object]) -> T:
    """Return options from a manifest's flat list of them."""
    assert isinstance(kind, type) and is_dataclass(kind)
    hints = get_type_hints(kind)
    known = {
        field.name: _options(hints[field.name], typed) if is_dataclass(hints[field.name]) else typed[field.name]
        for field in fields(kind)
        if is_dataclass(hints[field.name]) or field.name in typed
    }
    return cast("Callable[..., T]", kind)(**known)


def _numbers(ground: Ground) -> I64:
    """Return (m,) the number in its file of each row that stands, 0 and up."""
    lines: I64 = ground.source.table["line"].to_numpy()[ground.alive].astype(np.int64)
    return lines - 1
