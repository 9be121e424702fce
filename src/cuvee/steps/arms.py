"""The arms of a proof: what each one trains on. A new one is one line in ``ARMS``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cuvee import rng, selectors
from cuvee.arrays import I64
from cuvee.budget import Budget
from cuvee.errors import ConfigError, InputError
from cuvee.models.causal import Causal
from cuvee.render import Encoded
from cuvee.steps import goal_arms
from cuvee.steps.selecting import Ground, kept_by, rows_of
from cuvee.steps.settings import pairs
from cuvee.training import sft

RANDOM, FULL, BASE = "random", "full", "base"


@dataclass(frozen=True)
class Ask:
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
    training: sft.Training
    folder: Path


@dataclass(frozen=True)
class Kind:
    """A kind of arm; exactly one of ``rows`` and ``model`` is given, none for a model as it is.

    rows: what to train on, best first. model: makes the trained model itself. settings: names it takes.
    chance: whether two seeds may come out otherwise. needs: settings that have no default.
    """

    summary: str
    rows: Callable[[Ask], I64] | None = None
    model: Callable[[Ask], Causal] | None = None
    settings: tuple[str, ...] = ()
    chance: bool = True
    needs: tuple[str, ...] = ()


def _uniform(ask: Ask) -> I64:
    return _selected("uniform", RANDOM, ask)


def _full(ask: Ask) -> I64:
    return np.arange(len(ask.ground.pool), dtype=np.int64)


ARMS: dict[str, Kind] = {
    RANDOM: Kind("rows drawn with the same chance, anew for every seed", rows=_uniform),
    FULL: Kind("the whole pool", rows=_full),
    BASE: Kind("the model as it is, not trained", chance=False),
    "adapt": Kind(
        "a policy that learns from the goal's loss picks every batch (RAISE, arXiv 2504.07282)",
        model=goal_arms.adapted,
        settings=("goal", *goal_arms.ADAPT),
        needs=("goal",),
    ),
    "less": Kind(
        "rows whose gradient points where the goal's rows point (after LESS, arXiv 2402.04333)",
        rows=goal_arms.less,
        settings=("goal", *goal_arms.LESS),
        needs=("goal",),
    ),
    "self-paced": Kind("from easy rows to hard ones, by their loss under the base", model=goal_arms.self_paced),
    "loss-based": Kind("rows drawn in proportion to their loss under the base", model=goal_arms.loss_based),
}


@dataclass(frozen=True)
class Arm:
    """One arm of a command. label: as the user wrote it. source: of an earlier run, its folder."""

    label: str
    kind: Kind
    settings: dict[str, Any]
    scores: tuple[str, ...] = ()
    source: Path | None = None


def parse(text: str) -> Arm:
    """Read ``k-center``, ``deita:threshold=0.9:score=rarity``, ``package.module:function`` or the folder of a run.

    Raises ConfigError for an unknown name or setting.
    """
    words = text.split(":")
    given = pairs(",".join(word for word in words if "=" in word), "settings")
    name = ":".join(word for word in words if "=" not in word)
    if name in ARMS:
        _only(name, given, ARMS[name].settings)
        for setting in ARMS[name].needs:
            if setting not in given:
                raise ConfigError(f"the arm {name} needs a {setting}", f"write {name}:{setting}=valid.jsonl")
        return Arm(text, ARMS[name], given)
    if name not in selectors.SELECTORS and (Path(name) / "ledger.parquet").is_file():
        _only(name, given, ())
        return Arm(text, Kind(f"rows that {name} kept", rows=lambda ask: _kept(Path(name), ask)), {}, source=Path(name))
    known = _known(name)
    _only(name, given, tuple(known))
    summary = selectors.SELECTORS[name].summary if name in selectors.SELECTORS else name
    kind = Kind(summary, rows=lambda ask: _selected(name, text, ask), settings=tuple(known))
    return Arm(text, kind, given, tuple(selectors.scores_needed(name, **given)))


def goals_of(arms: Sequence[Arm]) -> list[str]:
    """Return the files that arms are told to get better at."""
    return sorted({str(arm.settings["goal"]) for arm in arms if "goal" in arm.settings})


def _known(name: str) -> dict[str, object]:
    try:
        return selectors.settings_of(name)
    except ConfigError as wrong:
        hint = f"{wrong.hint}; an arm is also {', '.join(ARMS)}, or the folder of a run"
        raise ConfigError(f"unknown arm {name!r}", hint) from wrong


def _only(name: str, given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for setting in given:
        if setting not in known:
            raise ConfigError(
                f"{name} has no setting {setting!r}", f"its settings: {', '.join(sorted(known)) or 'none'}"
            )


def _selected(method: str, label: str, ask: Ask) -> I64:
    """Return the rows that a selector chooses; chance is named by the arm, so that two arms never draw alike."""
    chance, pool = rng.stream(ask.seed, "prove", label), ask.ground.pool
    if ask.budget.kind == "tokens":
        amount = int(ask.budget.amount)
        return selectors.by_tokens(pool, ask.ground.tokens, amount, method, rng=chance, **ask.settings).rows
    return selectors.choose(pool, ask.k, method, rng=chance, **ask.settings).rows


def _kept(run: Path, ask: Ask) -> I64:
    """Return the rows of this pool that an earlier run kept, best first, as many as the budget has."""
    ranks = kept_by(run)
    rows = rows_of(ask.ground.pool.table, sorted(ranks, key=lambda name: ranks[name]))
    if not len(rows):
        raise InputError(f"no row that {run} kept stands in this pool", "prove it on the pool it was made from")
    return rows[: ask.k]
