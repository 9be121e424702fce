"""What ``cuvee evolve`` was asked, bound and checked before anything runs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cuvee import budget as budgets
from cuvee import names
from cuvee.errors import ConfigError
from cuvee.evolution.rounds import Evolution
from cuvee.evolution.strategies import STRATEGIES
from cuvee.intake import plan as plans
from cuvee.intake.asked import PoolAsk, ground_settings
from cuvee.models import causal
from cuvee.result import Result
from cuvee.training.settings import Training


@dataclass(frozen=True)
class EvolveAsk:
    """A checked ``cuvee evolve``. sizes: rows chosen when round 0, 1, ... trains; the last is the whole selection."""

    ground: PoolAsk
    plan: Evolution
    sizes: list[int]
    held_out: budgets.Budget
    start: Path | None
    patience: int
    base: str  # the model as the user named it
    typed: dict[str, Any]


def plan(wanted: EvolveAsk, out: Path) -> Result:
    """Say what would be done: the rows that each round trains on, and what the model would read."""
    planned = plans.plan(wanted.ground, out)
    told = planned.summary["plan"]
    rows, epochs = sum(wanted.sizes), wanted.plan.training.epochs or 0
    told["steps"] = [
        "read",
        "clean",
        f"hold out {wanted.typed['held_out']}",
        f"train {len(wanted.sizes)} times, on {wanted.sizes[0]:,} to {wanted.sizes[-1]:,} rows: "
        f"{rows * epochs:,.0f} rows in all",
        f"read the pool {len(wanted.sizes) - 1} times with the model: about {told['rows'] * (len(wanted.sizes) - 1):,} rows",
        f"publish to {out}",
    ]
    told.pop("seconds", None)
    return planned


def bind(typed: dict[str, Any]) -> EvolveAsk:
    """Check everything that can be checked without reading the data."""
    strategy = names.find(STRATEGIES, typed["strategy"], "strategy")
    for name in ("init", "per_round"):
        if typed[name] < 1:
            raise ConfigError(f"{name.replace('_', '-')} is {typed[name]}", "give at least 1 row")
    if typed["rounds"] < 0 or typed["whiten"] < 0:
        raise ConfigError("rounds and whiten cannot be negative", "0 is none")
    training = Training(
        epochs=typed["epochs"],
        lr=typed["lr"],
        batch=typed["batch"],
        max_length=typed["max_length"],
        lora=typed["lora"] or None,
    )
    base = causal.folder_of(typed["model"])
    plan = Evolution(base, strategy, training, typed["whiten"], None, typed["seed"])
    sizes = [typed["init"] + typed["per_round"] * number for number in range(typed["rounds"] + 1)]
    ground = ground_settings(**{**typed, "budget": str(sizes[-1]), "method": "k-center"})
    start = Path(typed["start"]) if typed["start"] else None
    held_out = budgets.parse(typed["held_out"])
    return EvolveAsk(ground, plan, sizes, held_out, start, typed["patience"], typed["model"], typed)
