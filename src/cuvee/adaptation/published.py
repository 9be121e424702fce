"""What ``cuvee adapt`` leaves behind: the rows in the order they were taken, the policy, the model, the page."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from cuvee import commands, disk
from cuvee.adaptation.account import Adapted, told
from cuvee.adaptation.asked import AdaptAsk, LearnAsk
from cuvee.adaptation.recipes import FOLDER, recipes
from cuvee.arrays import I64
from cuvee.commands import Setting
from cuvee.models import causal
from cuvee.publication.ledger import Outcome
from cuvee.publication.story import Asked, Extra, Story
from cuvee.runs import Run, Step
from cuvee.samples.pool import Selection
from cuvee.training.batches import most_passes
from cuvee.training.fresh import adapters
from cuvee.training.replaying import TRAJECTORY, schema
from cuvee.training.settings import MICRO_TOKENS, described


def story(run: Run, done: Adapted) -> Story:
    """Return what the run has to tell, and what it leaves beside the training set: trajectory, model, policy."""
    ask, ground, final = done.ask.learn, done.field.ground, done.learnt.final
    selection, replayed = _selection(done), recipes(run, done)
    return Story(
        asked=_asked(done.ask),
        ground=ground,
        outcome=Outcome(ground.source, ground.table, ground.alive, ground.pool, selection),
        depends=final.fingerprint,
        next=lambda folder, ledger: _replay(ask, folder),
        notes=done.field.notes,
        tell=lambda summary, ledger: told(summary, done),
        extras=[
            Extra(_trajectory(run, done, selection.rows), files=[TRAJECTORY]),
            Extra(final, folders=["model"]),
            Extra(_policy(run, done), folders=["policy"]),
            *([Extra(replayed, folders=[FOLDER])] if replayed else []),
        ],
        manifest={
            "model": {"name": ask.model, "version": causal.version_of(ask.base)},
            "training": described(ask.final),
            "adapters": adapters(ask.final),
            "episodes": done.learnt.episodes,
        },
    )


def _asked(ask: AdaptAsk) -> Asked:
    return Asked(
        verb="adapt",
        typed=ask.typed,
        publishing=ask.publishing,
        seed=ask.learn.seed,
        method="adapt",
        budget=f"{ask.learn.final.steps:,} steps",
    )


def _selection(done: Adapted) -> Selection:
    """Return the rows in the order they were first taken, with the score they then had."""
    taken = done.taken
    rows, first, times = np.unique(taken["row"], return_index=True, return_counts=True)
    order = np.argsort(first, kind="stable")
    first = first[order]
    reasons = [
        f"the policy took it at step {step + 1}, best of cluster {cluster + 1}; {count} times in all"
        for step, cluster, count in zip(
            taken["step"][first].tolist(), taken["cluster"][first].tolist(), times[order].tolist(), strict=True
        )
    ]
    return Selection(rows[order].astype(np.int64), taken["score"][first].astype(np.float32), reasons)


def _trajectory(run: Run, done: Adapted, chosen: I64) -> Step:
    """Make ``trajectory.parquet``: what every step saw. row: the line of selected.* (0 = first)."""
    taken, field = done.taken, done.field
    line = np.full(len(field.rows), -1, dtype=np.int64)
    line[chosen] = np.arange(len(chosen))

    def make(folder: Path) -> None:
        columns = {
            "step": taken["step"],
            "row": line[taken["row"]],
            "id": field.ground.pool.table["id"].take(pa.array(taken["row"])).combine_chunks().cast(pa.string()),
            "cluster": taken["cluster"],
            "score": taken["score"],
        }
        table = pa.table(columns, schema=schema(_passes(done), _settings(done.ask.learn)))
        disk.save_table(folder / TRAJECTORY, table)

    return run.step("trajectory", {"final": done.learnt.final.fingerprint, "chosen": chosen}, make)


def _passes(done: Adapted) -> int:
    """Return the passes that every step of the final run was cut into."""
    ask, field = done.ask.learn, done.field
    lengths = np.array([len(row) for row in field.rows], dtype=np.int64)
    batch = sum(min(ask.per_cluster, len(members)) for members in field.seen.rows.clusters)
    kind = "cuda" if done.figures.device.startswith("cuda") else "cpu"
    return most_passes(lengths, batch, ask.final.micro_tokens or MICRO_TOKENS[kind])


def _settings(ask: LearnAsk) -> dict[str, Setting]:
    """Return the options of ``cuvee train`` that train as the final run did."""
    final = ask.final
    return {
        "model": ask.model,
        "seed": ask.seed,
        "lr": final.lr,
        "schedule": final.schedule,
        "warmup": final.warmup,
        "max_length": final.max_length,
        "lora": final.lora or 0,
    }


def _replay(ask: LearnAsk, folder: Path) -> str:
    options = {**_settings(ask), "data": [folder], "replay": True}
    return commands.command("train", options, folder.with_name(f"{folder.name}-replay"))


def _policy(run: Run, done: Adapted) -> Step:
    def make(folder: Path) -> None:
        disk.copy_folder(done.learnt.policy, folder / "policy")

    return run.step("policy", {"final": done.learnt.final.fingerprint}, make)
