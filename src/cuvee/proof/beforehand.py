"""What was written down before the first training: arms, metric, sizes, seeds, and the one comparison that counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired, TypedDict

import orjson

from cuvee import disk
from cuvee.commands import Setting
from cuvee.errors import ConfigError
from cuvee.runs import Run, canonical, sha256, write_json

FREE = ("plan", "primary")  # settings that a plan does not fix: itself, and what it says in a place of its own


class WrittenPlan(TypedDict):
    """What a plan holds. settings: every option as typed. rows: of the budget. base, pool: hashes of model and clean pool."""

    primary: str
    settings: Mapping[str, Setting]
    rows: NotRequired[int]
    questions: NotRequired[int]
    base: NotRequired[str]
    pool: NotRequired[str]


@dataclass(frozen=True)
class Primary:
    """The comparison that counts: that this arm is better than this reference."""

    arm: str
    reference: str

    def __str__(self) -> str:
        return f"{self.arm}>{self.reference}"


def primary_of(text: str) -> Primary:
    """Read ``herding>random``. Raises ConfigError for anything else."""
    arm, sign, reference = (part.strip() for part in text.partition(">"))
    if not (arm and sign and reference) or ">" in reference or arm == reference:
        raise ConfigError(f"--primary {text!r} is no comparison", 'write it as "herding>random"')
    return Primary(arm, reference)


def read(path: Path) -> WrittenPlan | None:
    """Return a plan that was written, None where there is none yet. Raises ConfigError for a file that is no plan."""
    if not path.is_file():
        return None
    try:
        plan: WrittenPlan = orjson.loads(path.read_bytes())
        primary_of(plan["primary"])
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise ConfigError(f"{path} is no plan of `cuvee prove`", "name another --plan; it is written for you") from None
    return plan


def keep_to(path: Path, plan: WrittenPlan, run: Run) -> None:
    """Write a plan where there is none, before the first training; else see that this is it.

    Raises ConfigError where the plan says otherwise, and where trainings of this run are older than a plan.
    """
    written, now = read(path), orjson.loads(canonical(plan))
    if written is None:
        if any((run.path / "work").glob("arm-*")) or any((run.path / "work").glob(".making-arm-*")):
            raise ConfigError(
                f"{run.path} holds trainings and {path} is not there", "a plan comes first: another --out"
            )
        disk.folder(path.parent)
        write_json(path, now)
        return
    before = {**_fixed(written["settings"]), **{name: value for name, value in written.items() if name != "settings"}}
    after = {**_fixed(now["settings"]), **{name: value for name, value in now.items() if name != "settings"}}
    differ = [name for name in after if before.get(name) != after[name]]
    if differ:
        told = ", ".join(f"{name} was {before.get(name)!r} and is now {after[name]!r}" for name in differ[:3])
        raise ConfigError(f"{path} says otherwise: {told}", "what is planned stays; another question is another --plan")


def _fixed(settings: Mapping[str, Setting]) -> dict[str, Setting]:
    return {name: value for name, value in settings.items() if name not in FREE}


def told(path: Path) -> dict[str, str]:
    """Return what the report says of a plan: where it stands, and its hash, by which a reader knows it again."""
    return {"file": str(path), "sha256": sha256(path)}
