"""A found win, repeated on questions and rows that were never used."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import orjson
import pyarrow.parquet as pq

from cuvee import commands
from cuvee.commands import Setting
from cuvee.errors import ConfigError, InputError
from cuvee.geometry.distances import nearest_chosen
from cuvee.intake.compare import Fall
from cuvee.intake.ground import Ground
from cuvee.result.proofs import ProofArm, ProofFigures
from cuvee.runs import manifest_of, output

STAGE = "used"  # of rows that an earlier proof has used
OWN = (
    "data",
    "columns",
    "dialect",
    "strict",
    "on",
    "decontaminate",
    "held_out",
    "seeds",
    "seed",
    "confirm",
    "together",
)
GONE = ("primary", "plan")  # of the earlier run: a confirmation is its own plan

Options = TypeVar("Options")


@dataclass(frozen=True)
class Earlier:
    """The proof that is confirmed. wins: what it found. figures: all of it. questions, rows: fingerprints that it used."""

    run: Path
    wins: list[ProofArm]
    figures: ProofFigures
    questions: frozenset[bytes]
    rows: frozenset[bytes]


def read(run: Path) -> Earlier:
    """Return a finished proof and the wins that it found: the planned one, or all where none was planned.

    Raises InputError where it is no proof, or found nothing.
    """
    path, used = output(run, "proof.json"), output(run, "used.parquet")
    if path is None or used is None:
        raise InputError(f"{run} is no proof that can be confirmed", "name the run folder of a finished `cuvee prove`")
    figures: ProofFigures = orjson.loads(path.read_bytes())
    planned = figures.get("primary")
    wins = [
        arm
        for arm in figures["arms"]
        if arm.get("verdict") == "beats" and planned in (None, _claim(arm["arm"], figures))
    ]
    if not wins:
        what = f"{planned} was not found" if planned else f"no arm beats {figures['reference']}"
        raise InputError(f"{run}: {what}, so there is nothing to confirm", "see its report.html")
    table = pq.read_table(used)
    sides: list[str | None] = table["arm"].to_pylist()
    prints: list[bytes] = table["fingerprint"].to_pylist()
    compared = {figures["reference"], *(arm["arm"] for arm in wins)}
    return Earlier(
        run,
        wins,
        figures,
        questions=frozenset(one for side, one in zip(sides, prints, strict=True) if side is None),
        rows=frozenset(one for side, one in zip(sides, prints, strict=True) if side in compared),
    )


def _claim(arm: str, figures: ProofFigures) -> str:
    return f"{arm}>{figures['reference']}"


def repeated(options: Options, earlier: Earlier) -> Options:
    """Return the options of the earlier proof with what this call says of data and seeds.

    Raises ConfigError where the call names a setting that the earlier proof did not have: it would be another proof.
    """
    typed, manifest = commands.settings("prove", options), manifest_of(earlier.run)
    before = manifest.get("meant") or manifest["settings"]  # a confirmation says by itself only what it was asked
    defaults = commands.defaults("prove")
    other = [
        name
        for name, value in typed.items()
        if name not in (*OWN, *GONE) and value != defaults.get(name) and value != before.get(name)
    ]
    if other:
        raise ConfigError(
            f"--confirm repeats {earlier.run} as it was, and {', '.join(other)} was named too",
            f"leave out {', '.join('--' + name.replace('_', '-') for name in other)}, or prove anew without --confirm",
        )
    if before.get("on") and not typed["on"]:
        raise ConfigError(f"{earlier.run} was judged on files of its own", "name fresh ones with --on")
    return with_settings(options, {**before, **_of_this_call(typed, defaults, before, earlier)})


def _of_this_call(
    typed: Mapping[str, Setting], defaults: Mapping[str, Setting], before: Mapping[str, Setting], earlier: Earlier
) -> dict[str, Setting]:
    """Return what a confirmation has of its own; what is not said is as many seeds and questions, other ones."""
    figures = earlier.figures
    named = [name for name in OWN if name in typed and typed[name] != defaults.get(name)]
    own = {name: typed[name] for name in (*named, "data", "confirm")}
    if typed["seeds"] == defaults["seeds"]:
        own["seeds"] = before["seeds"]
    if typed["seed"] == defaults["seed"]:
        own["seed"] = max(figures["seeds"]) + 1
    if typed["held_out"] == defaults["held_out"]:
        own["held_out"] = str(figures["questions"])
    budget = before["budget"] if str(before["budget"]).endswith(("tok", "tokens")) else str(figures["k"])
    arms = [*(arm["arm"] for arm in earlier.wins), figures["reference"]]
    return {**own, "arms": arms, "budget": budget, "reference": figures["reference"], **dict.fromkeys(GONE)}


def with_settings(options: Options, settings: Mapping[str, Setting]) -> Options:
    """Return options, dataclasses in them too, with these settings by name."""
    assert is_dataclass(options) and not isinstance(options, type)
    changed: dict[str, Setting] = {}
    for one in fields(options):
        value = getattr(options, one.name)
        if is_dataclass(value):
            changed[one.name] = with_settings(value, settings)
        elif one.name in settings:
            changed[one.name] = settings[one.name]
    return replace(options, **changed)


def unused(ground: Ground, earlier: Earlier) -> Ground:
    """Return the ground without what the earlier proof used: its questions, rows near to one, and rows that were trained on.

    Rows that only other arms of it saw stay: nothing of them went into the comparison.
    """
    prints: list[bytes] = ground.pool.table["fingerprint"].to_pylist()
    asked = np.array([row for row, one in enumerate(prints) if one in earlier.questions], dtype=np.int64)
    fallen: list[Fall] = [(int(row), STAGE, f"a question of {earlier.run}", None) for row in asked]
    gone = set(asked.tolist())
    if len(asked):
        X = ground.pool.vectors
        cosine = 1 - nearest_chosen(X, X[asked])[0] ** 2 / 2
        near = [row for row in np.flatnonzero(cosine >= ground.embedder.near).tolist() if row not in gone]
        fallen += [(row, STAGE, f"near a question of {earlier.run}", None) for row in near]
        gone |= set(near)
    seen = [row for row, one in enumerate(prints) if one in earlier.rows and row not in gone]
    fallen += [(row, STAGE, f"trained on in {earlier.run}", None) for row in seen]
    if len(fallen) == len(prints):
        raise too_few(0, earlier)
    return ground.without(sorted(fallen))


def refuse_used(prints: list[bytes], earlier: Earlier) -> None:
    """Raise InputError where questions that were given have been used."""
    known = sum(one in earlier.questions or one in earlier.rows for one in prints)
    if known:
        raise InputError(
            f"{known:,} of {len(prints):,} questions were used in {earlier.run}", "name fresh ones with --on"
        )


def too_few(rows: int, earlier: Earlier) -> InputError:
    """Return what to say where fewer rows are left than the budget takes."""
    return InputError(
        f"{rows:,} rows of this pool were never used and not held out, and the budget takes {earlier.figures['k']:,}",
        f"name fresh files (`{commands.line('cuvee', 'prove', 'FILES', '--confirm', earlier.run)}`), or hold out fewer rows",
    )
