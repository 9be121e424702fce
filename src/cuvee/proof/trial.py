"""One arm with one seed: its rows, its model, and what that loses on every question."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NotRequired, TypedDict

import numpy as np
import orjson

from cuvee import disk
from cuvee.arrays import F64, I64
from cuvee.evaluation import exact, heldout
from cuvee.models import meter
from cuvee.models.causal import Causal
from cuvee.proof import earlier_arms
from cuvee.proof.asked import ROWS, ProofAsk
from cuvee.proof.field import ProofField
from cuvee.proof.kinds import Arm, ArmAsk, ArmKind, BaseArm, MixtureArm, ModelArm, RowsArm, Taught
from cuvee.runs import Run, Step, digest, sha256, write_json
from cuvee.training import sft
from cuvee.training.feeds import different
from cuvee.training.fresh import as_read, fresh
from cuvee.training.settings import Training, described

TrialFigures = TypedDict(
    "TrialFigures",
    {
        "rows": int,  # trained on; of a mixture: its entries
        "touched": int,  # different rows that the last training read; a blend reads two
        "updates": int,  # of the last training
        "tokens": int,  # that it read
        "answers": int,  # of them, those of answers
        "forward": int,  # tokens that the whole method let a model read, rounds and probes too
        "backward": int,  # of them, those that it learnt from
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

    def at(self, rate: float | None) -> "Terms":
        """Return the terms with another learning rate; None leaves it."""
        return self if rate is None else replace(self, training=replace(self.training, lr=rate))

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
            "same": self.ask.same,
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
            touch=self.k if self.ask.same == ROWS else None,
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
        with meter.metered(folder / "spent.json") as spent:
            made = _made(arm.kind, terms.of(arm, seed, folder / "method"), folder / "model")
        figures: TrialFigures = {**made.figures, "forward": spent.forward, "backward": spent.backward}
        disk.save_array(folder / "loss.npy", heldout.losses(made.model, terms.field.held, label="judging").mean)
        if terms.field.asked:
            with made.model.whole():
                found = exact.matches(replace(made.model, trunk=None), terms.field.asked)
            disk.save_array(folder / "exact_match.npy", found)
        disk.save_array(folder / "rows.npy", made.rows)
        write_json(folder / "figures.json", figures)
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
            return _Made(done.model, done.rows, _by_itself(done))
        case BaseArm():
            none = np.empty(0, dtype=np.int64)
            return _Made(as_read(ask.base, ask.training), none, _nothing())


def _from_rows(kind: RowsArm, ask: ArmAsk, folder: Path) -> _Made:
    rows, own = kind.choose(ask), kind.own(ask)
    training = kind.training(ask.settings, ask.training)
    taught = [*own, *(ask.encoded[row] for row in rows)]
    trained = sft.train(fresh(ask.base, training, seed=ask.seed), taught, training, folder, seed=ask.seed)
    return _Made(trained.model, rows, _figures(trained, len(taught), len(different(trained.feed, trained.steps))))


def _from_mixture(kind: MixtureArm, ask: ArmAsk, folder: Path) -> _Made:
    """Train on rows and blends; the rows are then all that stand in them, in order of first use."""
    from cuvee.training.mixed import MixedRows, touched_by, train

    entries = kind.mix(ask) if ask.touch is None else kind.mix(ask).touching(ask.touch)
    rows = entries.rows()
    mixed = MixedRows(entries.renumbered(rows), [ask.encoded[row] for row in rows])
    trained = train(fresh(ask.base, ask.training, seed=ask.seed), mixed, ask.training, folder, seed=ask.seed)
    touched = touched_by(entries, different(trained.feed, trained.steps))
    figures = _figures(trained, entries.units, len(touched))
    figures["blends"] = int((~entries.real).sum())
    return _Made(trained.model, rows, figures)


def _nothing() -> TrialFigures:
    return {"rows": 0, "touched": 0, "updates": 0, "tokens": 0, "answers": 0, "forward": 0, "backward": 0}


def _by_itself(done: Taught) -> TrialFigures:
    rows = len(done.rows)
    took: TrialFigures = {**_nothing(), "rows": rows, "touched": rows, "updates": done.updates, "tokens": done.tokens}
    return {**took, "answers": round(done.answers)}


def _figures(trained: sft.Trained, rows: int, touched: int) -> TrialFigures:
    took: TrialFigures = {**_nothing(), "rows": rows, "touched": touched, "updates": trained.steps}
    loss = trained.curve[-1]["loss"] if trained.curve else None
    return {**took, "tokens": trained.tokens, "answers": round(trained.answers), "train loss": loss}


def _forget(folder: Path) -> None:
    """Remove weights that are read no more: arms times seeds of a large model would fill the disk."""
    for name in ("model", "method"):
        disk.remove_folder(folder / name)


def _slug(label: str) -> str:
    return re.sub(r"[^A-Za-z0-9.=-]+", "_", label)[:60]
