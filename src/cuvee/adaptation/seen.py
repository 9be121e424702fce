"""What a policy sees of a pool: figures by the auxiliary model, made into columns and clusters in one step of a run.

Imports torch through the policy; import it late.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cuvee import render
from cuvee.adaptation import folder as policies
from cuvee.adaptation import state
from cuvee.adaptation.asked import AdaptAsk
from cuvee.adaptation.folder import Policy
from cuvee.arrays import F32, F64, I64
from cuvee.embedders.hidden import Hidden
from cuvee.errors import ConfigError
from cuvee.intake.embed import embed
from cuvee.intake.ground import Ground
from cuvee.models import causal
from cuvee.models.catalog import home
from cuvee.progress import say
from cuvee.runs import Run, Step
from cuvee.scorers.language import Reader
from cuvee.store import Store


@dataclass(frozen=True)
class Seen:
    """rows: of the whole pool. figures: (n, 4), see ``state.difficulty``. start: folder of the policy to start from."""

    rows: state.SeenRows
    labels: I64
    figures: F32
    start: Path
    step: Step


def see(run: Run, wanted: AdaptAsk, ground: Ground) -> Seen:
    """Read every row with the auxiliary model (once ever: the store remembers), and make columns and clusters.

    Raises ConfigError where a given policy was learnt through another auxiliary model.
    """
    given = policies.read(wanted.policy) if wanted.policy else None
    aux = _auxiliary(wanted, given)
    vectors = embed(run, ground.pool.table["messages"], Hidden(aux), ground.fingerprint)

    def make(folder: Path) -> None:
        figures = _figures(aux, ground, wanted.training.max_length)
        policy = given or Policy.fresh(state.fit(figures, vectors.X), seed=wanted.seed, **_facts(aux))
        np.save(folder / "figures.npy", figures)
        state.write_columns(policy.basis, figures, vectors.X, folder / "columns.npy")
        columns: F32 = np.load(folder / "columns.npy", mmap_mode="r")
        np.save(folder / "labels.npy", state.cluster(columns, wanted.clusters, seed=wanted.seed))
        policies.write(policy, folder / "policy")

    depends = {
        "vectors": vectors.step.fingerprint, "aux": _facts(aux), "longest": wanted.training.max_length,
        "clusters": wanted.clusters, "seed": wanted.seed, "policy": _print(wanted.policy),
    }  # fmt: skip
    step = run.step("state", depends, make)
    columns: F32 = np.load(step.path / "columns.npy", mmap_mode="r")
    labels: I64 = np.load(step.path / "labels.npy")
    rows = state.SeenRows.of(columns, labels)
    if not step.reused:
        say(
            f"seen      {len(rows):,} rows in {len(rows.clusters)} clusters, through {Path(aux).name}, {step.seconds:.1f} s"
        )
    return Seen(rows, labels, np.load(step.path / "figures.npy"), step.path / "policy", step)


def _auxiliary(wanted: AdaptAsk, given: Policy | None) -> str:
    """Return the auxiliary model as it is named."""
    aux = wanted.aux or (given.facts["aux"] if given else None) or wanted.typed["model"]
    if given and _facts(aux)["aux_version"] != given.facts["aux_version"]:
        raise ConfigError(
            f"the policy in {wanted.policy} sees rows through {given.facts['aux']}, not through {aux}",
            f"give --aux {given.facts['aux']}, or learn a new policy",
        )
    return str(aux)


def _facts(aux: str) -> dict[str, Any]:
    return {"aux": aux, "aux_version": causal.version_of(causal.folder_of(aux))}


def _figures(aux: str, ground: Ground, longest: int) -> F32:
    """Return (n, 4) figures of difficulty. A row that the auxiliary model cannot read has NaN log-probabilities."""
    model = causal.load(aux)
    table = ground.pool.table
    reader = Reader(model, Store(home() / "store"), longest)
    given, alone = reader.answers(ground.pool, "cuvee adapt", alone=True)
    rows = render.encode_all(
        table["messages"].to_pylist(), model.tokenizer, max_length=longest, tools=table["tools"].to_pylist()
    )
    answers = np.array([int(row.answer.sum()) for row in rows], dtype=np.int64)
    prompts = np.array([len(row) for row in rows], dtype=np.int64) - answers
    return state.difficulty(prompts, answers, _mean(given), _mean(alone))


def _mean(values: F32) -> F64:
    found: F64 = values[:, 0].astype(np.float64) / np.maximum(values[:, 1], 1)
    return np.where(values[:, 1] > 0, found, np.nan)


def _print(folder: Path | None) -> str | None:
    if folder is None:
        return None
    policy = policies.read(folder)
    from cuvee.runs import digest

    weights = {key: value.tolist() for key, value in policy.network.state_dict().items()}
    return digest([weights, policy.basis.centre.tolist(), policy.facts, vars(policy.stage)])
