"""One arm with one seed: its rows, its model, and what that loses on every question."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired, TypedDict

import numpy as np
import orjson

from cuvee import disk
from cuvee.arrays import F64, I64
from cuvee.evaluation import exact, heldout
from cuvee.models import causal
from cuvee.models.causal import Causal
from cuvee.proof import earlier_arms
from cuvee.proof.asked import ProofAsk
from cuvee.proof.field import ProofField
from cuvee.proof.kinds import Arm, ArmAsk, ArmKind, BaseArm, MixtureArm, ModelArm, RowsArm
from cuvee.runs import Run, Step, digest, sha256, write_json
from cuvee.training import sft
from cuvee.training.fresh import fresh
from cuvee.training.settings import Training, described

TrialFigures = TypedDict(
    "TrialFigures",
    {
        "rows": int,  # trained on; of a mixture: its entries
        "updates": int,
        "tokens": int,
        "train loss": NotRequired[float | None],  # of the last update
        "blends": NotRequired[int],  # among the rows
    },
)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What all trials of a proof have in common. k: rows of the budget. version: of the base model."""

    ask: ProofAsk
    field: ProofField
    k: int
    training: Training
    version: str

    def depends(self) -> dict[str, object]:
        """Return what decides every trial, JSON-able."""
        asked = self.field.asked
        return {
            "ground": self.field.ground.fingerprint,
            "held": digest([row.ids for row in self.field.held]),
            "base": self.version,
            "training": described(self.training),
            "budget": vars(self.ask.budget),
            "k": self.k,
            **({"answers": asked.sampling.max_new_tokens} if asked else {}),
        }

    def of(self, arm: Arm, seed: int, folder: Path) -> ArmAsk:
        """Return what an arm may know of one trial."""
        return ArmAsk(
            ground=self.field.ground,
            encoded=self.field.encoded,
            budget=self.ask.budget,
            k=self.k,
            seed=seed,
            settings=arm.settings,
            base=self.ask.base,
            training=self.training,
            folder=folder,
        )


@dataclass(frozen=True)
class Trial:
    """One arm with one seed. values: metric -> (q,) of every question, NaN where it has none. rows: of the pool, best first."""

    seed: int
    values: Mapping[str, F64]
    rows: I64
    figures: TrialFigures


def attempt(run: Run, terms: Terms, arm: Arm, seed: int) -> Step:
    """Make one arm with one seed, where it is missing. The weights are not kept."""

    def make(folder: Path) -> None:
        made = _made(arm.kind, terms.of(arm, seed, folder / "method"), folder / "model")
        disk.save_array(folder / "loss.npy", heldout.losses(made.model, terms.field.held, label="judging").mean)
        if terms.field.asked:
            disk.save_array(folder / "exact_match.npy", exact.matches(made.model, terms.field.asked))
        disk.save_array(folder / "rows.npy", made.rows)
        write_json(folder / "figures.json", made.figures)
        _forget(folder)

    source = [sha256(path) for path in earlier_arms.files_of(arm.source)] if arm.source else None
    own = {"arm": arm.label, "seed": seed if arm.kind.chance else None, "source": source}
    return run.step(f"arm-{_slug(arm.label)}-{seed}", {**terms.depends(), **own}, make, resumable=True)


def read(folder: Path, seed: int, metrics: list[str]) -> Trial:
    """Return a finished trial from the folder of its step."""
    values: dict[str, F64] = {metric: np.load(folder / f"{metric}.npy") for metric in metrics}
    rows: I64 = np.load(folder / "rows.npy")
    figures: TrialFigures = orjson.loads((folder / "figures.json").read_bytes())
    return Trial(seed, values, rows, figures)


@dataclass(frozen=True)
class _Made:
    """The arm's model, the rows that it saw, and what its training took."""

    model: Causal
    rows: I64
    figures: TrialFigures


def _made(kind: ArmKind, ask: ArmAsk, folder: Path) -> _Made:
    match kind:
        case RowsArm():
            return _from_rows(kind, ask, folder)
        case MixtureArm():
            return _from_mixture(kind, ask, folder)
        case ModelArm():
            done = kind.make(ask)
            figures: TrialFigures = {"rows": len(done.rows), "updates": done.updates, "tokens": done.tokens}
            return _Made(done.model, done.rows, figures)
        case BaseArm():
            none = np.empty(0, dtype=np.int64)
            return _Made(causal.load(ask.base), none, {"rows": 0, "updates": 0, "tokens": 0})


def _from_rows(kind: RowsArm, ask: ArmAsk, folder: Path) -> _Made:
    rows, own = kind.choose(ask), kind.own(ask)
    training = kind.training(ask.settings, ask.training)
    taught = [*own, *(ask.encoded[row] for row in rows)]
    trained = sft.train(fresh(ask.base, training, seed=ask.seed), taught, training, folder, seed=ask.seed)
    return _Made(trained.model, rows, _figures(trained, len(taught)))


def _from_mixture(kind: MixtureArm, ask: ArmAsk, folder: Path) -> _Made:
    """Train on rows and blends; the rows are then all that stand in them, in order of first use."""
    from cuvee.training.mixed import MixedRows, train

    entries = kind.mix(ask)
    rows = entries.rows()
    mixed = MixedRows(entries.renumbered(rows), [ask.encoded[row] for row in rows])
    trained = train(fresh(ask.base, ask.training, seed=ask.seed), mixed, ask.training, folder, seed=ask.seed)
    figures = _figures(trained, entries.units)
    figures["blends"] = int((~entries.real).sum())
    return _Made(trained.model, rows, figures)


def _figures(trained: sft.Trained, rows: int) -> TrialFigures:
    loss = trained.curve[-1]["loss"] if trained.curve else None
    return {"rows": rows, "updates": trained.steps, "tokens": trained.tokens, "train loss": loss}


def _forget(folder: Path) -> None:
    """Remove weights that are read no more: arms times seeds of a large model would fill the disk."""
    for name in ("model", "method"):
        disk.remove_folder(folder / name)


def _slug(label: str) -> str:
    return re.sub(r"[^A-Za-z0-9.=-]+", "_", label)[:60]
