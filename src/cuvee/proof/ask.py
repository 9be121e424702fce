"""What an arm is asked, and what an arm is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cuvee.arrays import I64
from cuvee.budget import Budget
from cuvee.intake.ground import Ground
from cuvee.models.causal import Causal
from cuvee.render import Encoded
from cuvee.training.mixture import Mixture
from cuvee.training.settings import Training


@dataclass(frozen=True)
class ArmAsk:
    """What an arm may know of one training run.

    ground: the pool without the held-out rows; encoded: its rows as the model reads them. k: rows of the budget. seed: of
    all chance in this run. base: folder of the model that every run starts from. training: settings of the other arms.
    folder: kept over a kill, so that a long method can go on where it stopped.
    """

    ground: Ground
    encoded: Sequence[Encoded]
    budget: Budget
    k: int
    seed: int
    settings: Mapping[str, Any]
    base: Path
    training: Training
    folder: Path


@dataclass(frozen=True)
class Taught:
    """A model that an arm made by itself. rows: of the pool, as they were first seen; updates, tokens: what training took."""

    model: Causal
    rows: I64
    updates: int
    tokens: int


@dataclass(frozen=True)
class ArmKind:
    """A kind of arm; exactly one of ``rows``, ``mixture`` and ``model`` is given, none for a model as it is.

    rows: what to train on, best first. mixture: rows and blends to train on. model: makes the trained model itself. settings:
    names it takes. needs: those that have no default. chance: whether two seeds may come out otherwise. training: how this arm
    trains, where it is not as all others do. check: raises ConfigError for settings that cannot be. own: with ``rows``: further
    messages to train on, which stand in no pool.
    """

    summary: str
    rows: Callable[[ArmAsk], I64] | None = None
    mixture: Callable[[ArmAsk], Mixture] | None = None
    model: Callable[[ArmAsk], Taught] | None = None
    settings: tuple[str, ...] = ()
    chance: bool = True
    training: Callable[[Mapping[str, Any], Training], Training] | None = None
    check: Callable[[Mapping[str, Any]], object] | None = None
    needs: tuple[str, ...] = ()
    own: Callable[[ArmAsk], list[Encoded]] | None = None


@dataclass(frozen=True)
class Arm:
    """One arm of a command. label: as the user wrote it. source: of an earlier run, its folder."""

    label: str
    kind: ArmKind
    settings: dict[str, Any]
    scores: tuple[str, ...] = ()
    source: Path | None = None
