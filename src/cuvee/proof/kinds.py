"""What an arm is asked, and what an arm is: one of four kinds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from cuvee.arrays import I64
from cuvee.budget import Budget
from cuvee.commands import Scalar
from cuvee.intake.ground import Ground
from cuvee.models.causal import Causal
from cuvee.render import Encoded
from cuvee.training.mixture import Mixture
from cuvee.training.settings import Training

ArmSettings = Mapping[str, Scalar]  # as the user wrote them after the arm's name


@dataclass(frozen=True, kw_only=True)
class ArmAsk:
    """What an arm may know of one training run.

    ground: the pool without the held-out rows; encoded: its rows as the model reads them. k: rows of the budget. seed: of
    all chance in this run. base: folder of the model that every run starts from. training: settings of the other arms.
    folder: kept over a kill, so that a long method can go on where it stopped. touch: different rows that it may train on at
    most, None for as many as it takes.
    """

    ground: Ground
    encoded: Sequence[Encoded]
    budget: Budget
    k: int
    seed: int
    settings: ArmSettings
    base: Path
    training: Training
    folder: Path
    touch: int | None = None

    @property
    def updates(self) -> int:
        """About how many optimiser steps the other arms take."""
        mean = sum(map(len, self.encoded)) / len(self.encoded)
        return self.training.updates(self.k, mean)


@dataclass(frozen=True)
class Taught:
    """A model that an arm made by itself.

    rows: of the pool, as they were first seen. updates, tokens, answers (tokens of answers): what the last training took.
    """

    model: Causal
    rows: I64
    updates: int
    tokens: int
    answers: float


def _nothing_more(ask: ArmAsk) -> list[Encoded]:
    return []


def _as_the_others(settings: ArmSettings, training: Training) -> Training:
    return training


def _any_settings(settings: ArmSettings) -> None:
    """Whatever is known may be set to anything."""


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """What is known of every arm before it runs.

    settings: names it takes. needs: those that have no default. check: raises ConfigError for settings that cannot be.
    chance: whether two seeds may come out otherwise.
    """

    summary: str
    settings: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    check: Callable[[ArmSettings], object] = _any_settings
    chance: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class RowsArm(_Kind):
    """Trains on rows of the pool.

    choose: which ones, best first. own: further messages to train on, which stand in no pool. training: how this arm trains,
    where it is not as all others do.
    """

    choose: Callable[[ArmAsk], I64]
    own: Callable[[ArmAsk], list[Encoded]] = _nothing_more
    training: Callable[[ArmSettings, Training], Training] = _as_the_others


@dataclass(frozen=True, kw_only=True)
class MixtureArm(_Kind):
    """Trains on rows and blends of two rows. mix: which ones, best first."""

    mix: Callable[[ArmAsk], Mixture]


@dataclass(frozen=True, kw_only=True)
class ModelArm(_Kind):
    """Makes the trained model itself."""

    make: Callable[[ArmAsk], Taught]


@dataclass(frozen=True, kw_only=True)
class BaseArm(_Kind):
    """The model as it is, not trained."""

    chance: ClassVar[bool] = False


ArmKind = RowsArm | MixtureArm | ModelArm | BaseArm


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One arm of a command. label: as the user wrote it. scores: that it chooses by. source: of an earlier run, its folder."""

    label: str
    kind: ArmKind
    settings: ArmSettings
    scores: tuple[str, ...] = ()
    source: Path | None = None
