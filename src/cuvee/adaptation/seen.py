"""What a policy sees of a pool: figures by the auxiliary model, made into columns and clusters in one step of a run.

Imports torch through the policy; import it late.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cuvee import disk
from cuvee.adaptation import folder as policies
from cuvee.adaptation import state
from cuvee.adaptation.asked import LearnAsk
from cuvee.adaptation.folder import Policy
from cuvee.adaptation.goal import Goal
from cuvee.adaptation.toward import learnt_with, near
from cuvee.arrays import F32, F64, I64
from cuvee.embedders.hidden import Hidden
from cuvee.errors import ConfigError
from cuvee.intake.embed import embed
from cuvee.intake.ground import Ground
from cuvee.intake.readable import as_read
from cuvee.models import causal, meter
from cuvee.models.catalog import home
from cuvee.progress import say
from cuvee.render import Encoded
from cuvee.runs import Run, Step, digest
from cuvee.scorers.language import Reader
from cuvee.store import Store
from cuvee.training.settings import described


@dataclass(frozen=True)
class Seen:
    """rows: of the whole pool. figures: (n, 6), see ``state.FIGURES``. start: folder of the policy to start from."""

    rows: state.SeenRows
    labels: I64
    figures: F32
    start: Path
    step: Step


def see(run: Run, ask: LearnAsk, ground: Ground, goal: Goal, rows: Sequence[Encoded]) -> Seen:
    """Read every row with the auxiliary model (once ever: the store remembers), and make columns and clusters.

    ask: its base is the one that rows are compared with the goal by. rows: of the pool as
    it reads them. Raises ConfigError where a given policy was learnt through another auxiliary model.
    """
    given = policies.read(ask.policy) if ask.policy else None
    aux = _auxiliary(ask, given)
    reader = Hidden(aux)
    vectors = embed(run, ground.pool.table["messages"], reader, ground.fingerprint)

    def make(folder: Path) -> None:
        seen = _figures(aux, ground, ask.training.max_length)
        beside = [learnt_with(ask, goal, rows), near(reader, goal, vectors.X)]
        figures = np.column_stack([seen, *beside]).astype(np.float32)
        meter.charge(forward=2 * sum(map(len, rows)))  # what the store remembers costs a run as much as what it reads
        policy = given or Policy.fresh(state.fit(figures, vectors.X), seed=ask.seed, aux=aux, aux_version=_version(aux))
        disk.save_array(folder / "figures.npy", figures)
        state.write_columns(policy.basis, figures, vectors.X, folder / "columns.npy")
        columns: F32 = np.load(folder / "columns.npy", mmap_mode="r")
        disk.save_array(folder / "labels.npy", state.cluster(columns, ask.clusters, seed=ask.seed))
        policies.write(policy, folder / "policy")

    depends = {
        "vectors": vectors.step.fingerprint,
        "aux": [aux, _version(aux)],
        "longest": ask.training.max_length,
        "goal": [goal.fingerprint, len(goal.validation)],
        "base": causal.version_of(ask.base),
        "training": described(ask.training),
        "clusters": ask.clusters,
        "seed": ask.seed,
        "policy": _print(given) if given else None,
    }
    return _seen(run.step("state", depends, make), aux)


def _seen(step: Step, aux: str) -> Seen:
    columns: F32 = np.load(step.path / "columns.npy", mmap_mode="r")
    labels: I64 = np.load(step.path / "labels.npy")
    rows = state.SeenRows.of(columns, labels)
    if not step.reused:
        groups = f"{len(rows):,} rows in {len(rows.clusters)} clusters"
        say(f"seen      {groups}, through {Path(aux).name}, {step.seconds:.1f} s")
    return Seen(rows, labels, np.load(step.path / "figures.npy"), step.path / "policy", step)


def _auxiliary(ask: LearnAsk, given: Policy | None) -> str:
    """Return the auxiliary model as it is named."""
    aux = str(ask.aux or (given.facts["aux"] if given else None) or ask.model)
    if given and _version(aux) != given.facts["aux_version"]:
        raise ConfigError(
            f"the policy in {ask.policy} sees rows through {given.facts['aux']}, not through {aux}",
            f"give --aux {given.facts['aux']}, or learn a new policy",
        )
    return aux


def _version(aux: str) -> str:
    return causal.version_of(causal.folder_of(aux))


def _figures(aux: str, ground: Ground, longest: int) -> F32:
    """Return (n, 4) figures of difficulty. A row that the auxiliary model cannot read has NaN log-probabilities."""
    model = causal.load(aux)
    reader = Reader(model, Store(home() / "store"), longest)
    with meter.metered():  # charged by the caller
        given, alone = reader.answers(ground.pool, "cuvee adapt", alone=True)
    rows = as_read(ground.pool.table, model.tokenizer, longest)
    answers = np.array([int(row.answer.sum()) for row in rows], dtype=np.int64)
    prompts = np.array([len(row) for row in rows], dtype=np.int64) - answers
    return state.difficulty(prompts, answers, _mean(given), _mean(alone))


def _mean(values: F32) -> F64:
    found: F64 = values[:, 0].astype(np.float64) / np.maximum(values[:, 1], 1)
    return np.where(values[:, 1] > 0, found, np.nan)


def _print(policy: Policy) -> str:
    weights = {key: value.tolist() for key, value in policy.network.state_dict().items()}
    return digest([weights, policy.basis.centre.tolist(), policy.facts, vars(policy.stage)])
