"""The arms of a proof: what each one trains on. A new one is one line in ``ARMS``."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from cuvee import names, rng, selectors
from cuvee.arrays import I64
from cuvee.commands import pairs
from cuvee.errors import ConfigError, InputError
from cuvee.evolution.strategies import STRATEGIES, Strategy
from cuvee.intake.ground import kept_by, rows_of
from cuvee.intake.hold_out import STAGE as HELD_OUT
from cuvee.models import causal
from cuvee.proof import goal_arms, mixing_arms
from cuvee.proof.ask import Arm, ArmAsk, ArmKind
from cuvee.proof.less import LESS, less
from cuvee.render import Encoded, encode_all
from cuvee.training import mixtures
from cuvee.training.settings import Training

RANDOM, FULL, BASE = "random", "full", "base"
LEAKS = (HELD_OUT, "contamination")  # stages of rows that no arm may learn from, nor from what was made of them


def _uniform(ask: ArmAsk) -> I64:
    return _selected("uniform", RANDOM, ask)


def _full(ask: ArmAsk) -> I64:
    return np.arange(len(ask.ground.pool), dtype=np.int64)


def _own_epochs(settings: Mapping[str, Any], training: Training) -> Training:
    """Return the training with the arm's own epochs in place of the updates of all arms, where it has them."""
    return replace(training, epochs=_positive(settings, "epochs"), steps=None) if "epochs" in settings else training


def _positive(settings: Mapping[str, Any], name: str, default: float = 3.0) -> float:
    value = settings.get(name, default)
    if not isinstance(value, int | float) or value <= 0:
        raise ConfigError(f"{name}={value} of an arm", "give a number above 0")
    return float(value)


def _evolution(settings: Mapping[str, Any]) -> tuple[int, Strategy, int, float]:
    """Return rounds, strategy, whitened dimensions and epochs of each round."""
    strategy = names.find(STRATEGIES, str(settings.get("strategy", "k-center")), "strategy")
    whiten = settings.get("whiten", 0)
    if not isinstance(whiten, int) or whiten < 0:
        raise ConfigError(f"whiten={whiten} of an arm", "give a whole number, 0 for none")
    return max(1, int(_positive(settings, "rounds", 4))), strategy, whiten, _positive(settings, "epochs")


def _evolved(ask: ArmAsk) -> I64:
    """Return the rows that the base picks for itself; each round trains on what it has so far, ``epochs`` times."""
    from cuvee.evolution.rounds import Evolution, rounds

    number, strategy, whiten, epochs = _evolution(ask.settings)
    number = min(number, ask.k - 1)
    plan = Evolution(ask.base, strategy, replace(ask.training, epochs=epochs, steps=None), whiten, None, ask.seed)
    sizes = [ask.k * (done + 1) // (number + 1) for done in range(number + 1)]
    first = selectors.choose(ask.ground.pool, sizes[0], "uniform", rng=rng.stream(ask.seed, "evolve", "first")).rows
    return rounds(plan, ask.encoded, first, sizes, ask.folder)


ARMS: dict[str, ArmKind] = {
    RANDOM: ArmKind("rows drawn with the same chance, anew for every seed", rows=_uniform),
    FULL: ArmKind(
        "the whole pool",
        rows=_full,
        settings=("epochs",),
        training=_own_epochs,
        check=partial(_positive, name="epochs"),
    ),
    "evolve": ArmKind(
        "the model picks its own next rows, in equal rounds from random ones (DiverseEvol)",
        rows=_evolved,
        settings=("rounds", "strategy", "whiten", "epochs"),
        check=_evolution,
    ),
    BASE: ArmKind("the model as it is, not trained", chance=False),
    **{
        name: ArmKind(arm.summary, mixture=arm.mixture, check=arm.check, settings=arm.settings)
        for name, arm in mixing_arms.ARMS.items()
    },
    "adapt": ArmKind(
        "a policy that learns from the goal's loss picks every batch (RAISE, arXiv 2504.07282)",
        model=goal_arms.adapted,
        check=goal_arms.reward_of,
        settings=("goal", *goal_arms.ADAPT),
        needs=("goal",),
    ),
    "less": ArmKind(
        "rows whose gradient points where the goal's rows point (after LESS, arXiv 2402.04333)",
        rows=less,
        settings=("goal", *LESS),
        needs=("goal",),
    ),
    "self-paced": ArmKind("from easy rows to hard ones, by their loss under the base", model=goal_arms.self_paced),
    "loss-based": ArmKind("rows drawn in proportion to their loss under the base", model=goal_arms.loss_based),
}


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
        if check := ARMS[name].check:
            check(given)
        return Arm(text, ARMS[name], given)
    if name not in selectors.SELECTORS and (Path(name) / "ledger.parquet").is_file():
        _only(name, given, ())
        if mixtures.run_of([name]):
            summary = f"rows and blends that {name} kept"
            return Arm(
                text, ArmKind(summary, mixture=lambda ask: mixing_arms.of_run(Path(name), ask)), {}, source=Path(name)
            )
        run = Path(name)
        kind = ArmKind(f"rows that {name} kept", rows=lambda ask: _kept(run, ask), own=lambda ask: made_rows(run, ask))
        return Arm(text, kind, {}, source=run)
    known = _known(name)
    _only(name, given, tuple(known))
    summary = selectors.SELECTORS[name].summary if name in selectors.SELECTORS else name
    kind = ArmKind(summary, rows=lambda ask: _selected(name, text, ask), settings=tuple(known))
    return Arm(text, kind, given, tuple(selectors.scores_needed(name, **given)))


def goals_of(arms: Sequence[Arm]) -> list[str]:
    """Return the files that arms are told to get better at."""
    return sorted({str(arm.settings["goal"]) for arm in arms if "goal" in arm.settings})


def _known(name: str) -> dict[str, object]:
    try:
        return selectors.settings_of(name)
    except ConfigError as wrong:
        near = difflib.get_close_matches(name, [*ARMS, *selectors.SELECTORS], n=1)
        hint = f"did you mean {near[0]!r}?" if near else wrong.hint
        raise ConfigError(
            f"unknown arm {name!r}", f"{hint}; an arm is also {', '.join(ARMS)}, or the folder of a run"
        ) from wrong


def _only(name: str, given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for setting in given:
        if setting not in known:
            raise ConfigError(
                f"{name} has no setting {setting!r}", f"its settings: {', '.join(sorted(known)) or 'none'}"
            )


def _selected(method: str, label: str, ask: ArmAsk) -> I64:
    """Return the rows that a selector chooses; chance is named by the arm, so that two arms never draw alike."""
    chance, pool = rng.stream(ask.seed, "prove", label), ask.ground.pool
    if ask.budget.kind == "tokens":
        amount = int(ask.budget.amount)
        return selectors.by_tokens(pool, ask.ground.tokens, amount, method, rng=chance, **ask.settings).rows
    return selectors.choose(pool, ask.k, method, rng=chance, **ask.settings).rows


def _kept(run: Path, ask: ArmAsk) -> I64:
    """Return the rows of this pool that an earlier run kept, best first, as many as the budget has."""
    ranks = kept_by(run)
    rows = rows_of(ask.ground.pool.table, sorted(ranks, key=lambda name: ranks[name]))
    if not len(rows) and not _made(run):
        raise InputError(f"no row that {run} kept stands in this pool", "prove it on the pool it was made from")
    made = len(made_rows(run, ask)) if _made(run) else 0
    return rows[: max(ask.k - made, 0)]


def made_rows(run: Path, ask: ArmAsk) -> list[Encoded]:
    """Return the rows that an earlier run made itself and kept, best first, as the model reads them.

    A row that was made from a held-out row, or from one that lies near to one, would give the answer away: it is left out.
    """
    made = _made(run)
    if not made:
        return []
    table = ask.ground.table
    stages = dict(zip(ask.ground.source.table["id"].to_pylist(), table["stage"].to_pylist(), strict=True))
    clean = [row for row in made if all(stages.get(name) not in LEAKS for name in row["parents"])]
    talks = [
        [{"role": "user", "content": row["question"]}, {"role": "assistant", "content": row["answer"]}] for row in clean
    ]
    rows = encode_all(talks, causal.tokenizer_of(ask.base), max_length=ask.training.max_length)
    return [row for row in rows if row.answer[1:].any()][: ask.k]


def _made(run: Path) -> list[dict[str, Any]]:
    """Return the new rows that a distillation kept; none of any other run."""
    path = run / "distilled.jsonl"
    if not path.is_file():
        return []
    return [row for row in map(orjson.loads, path.read_bytes().splitlines()) if row["kept"]]
