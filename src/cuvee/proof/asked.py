"""What ``cuvee prove`` was asked, bound and checked before anything runs."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cuvee import budget as budgets
from cuvee import names
from cuvee.budget import Budget
from cuvee.commands import Mistakes, listed, paths
from cuvee.errors import ConfigError
from cuvee.intake.asked import PoolAsk, ground_settings
from cuvee.models import causal
from cuvee.proof.arms import goals_of, parse
from cuvee.proof.ask import Arm
from cuvee.training.settings import Training

UNITS = {"loss": "nats per answer token", "exact_match": "share of answers that are right word for word"}
"""Of every metric that arms can be judged by; its direction stands in ``evaluation.table.MEASURES``."""


@dataclass(frozen=True)
class ProofAsk:
    """A checked ``cuvee prove``. seeds: the numbers of the training runs. on: evaluation files, or none. metrics: names."""

    ground: PoolAsk
    arms: list[Arm]
    budget: Budget
    seeds: tuple[int, ...]
    base: Path
    training: Training
    held_out: Budget
    on: list[str]
    metrics: list[str]
    typed: dict[str, Any]


def _plain(value: Any) -> Any:
    return [str(part) for part in value] if isinstance(value, list | tuple) else str(value)


SAME = {"updates": "every arm takes the same number of optimiser steps", "epochs": "every arm sees its rows as often"}


def bind(typed: dict[str, Any]) -> ProofAsk:
    """Check everything that can be checked without reading the data. Raises ConfigError for all mistakes at once."""
    wrong, metrics = Mistakes(), listed(typed["metrics"])
    budget = wrong.check(lambda: budgets.parse(typed["budget"]))
    arms = [wrong.check(partial(parse, text)) for text in listed(typed["arms"])]
    wrong.check(lambda: names.find(SAME, typed["same"], "--same"))
    for metric in metrics:
        wrong.check(partial(names.find, UNITS, metric, "--metrics"))
    wrong.check(lambda: _sensible(typed, [arm.label for arm in arms if arm]))
    training = wrong.check(
        lambda: Training(
            epochs=typed["epochs"], lr=typed["lr"], batch=typed["batch"], max_length=typed["max_length"],
            lora=typed["lora"] or None,
        )
    )  # fmt: skip
    held_out = wrong.check(lambda: budgets.parse(typed["held_out"]))
    on = paths(typed["on"])
    base = wrong.check(lambda: causal.folder_of(typed["model"]))
    wrong.stop()
    guarded = [*paths(typed["decontaminate"]), *on, *goals_of(arms)]  # no arm may learn from a goal's rows
    ground = ground_settings(**{**typed, "method": "uniform", "decontaminate": guarded})
    seeds = tuple(range(typed["seed"], typed["seed"] + typed["seeds"]))
    return ProofAsk(ground, arms, budget, seeds, base, training, held_out, on, metrics, dict(typed))


def _sensible(typed: dict[str, Any], labels: list[str]) -> None:
    if len(set(labels)) < len(labels):
        raise ConfigError("an arm is named twice", "name each once; `random,uniform` are two draws of the same kind")
    if typed["reference"] not in labels:
        raise ConfigError(f"the reference {typed['reference']!r} is not an arm", "add it to --arms, or name another")
    if typed["seeds"] < 1:
        raise ConfigError(f"seeds is {typed['seeds']}", "give at least 1; 3 or more to know what chance does")
    if not listed(typed["metrics"]):
        raise ConfigError("--metrics names none", "write loss, exact_match, or both with a comma")
    if not 0.5 <= typed["level"] < 1:
        raise ConfigError(f"level is {typed['level']}", "give a number from 0.5 to below 1, such as 0.95")
