"""What ``cuvee adapt`` leaves behind: the rows in the order they were taken, the policy, the model, the page."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from cuvee import commands
from cuvee.adaptation.asked import AdaptAsk
from cuvee.adaptation.episodes import Figures, taken
from cuvee.adaptation.field import EpisodeField
from cuvee.arrays import F32, I64
from cuvee.intake.hold_out import labels_of
from cuvee.models import causal
from cuvee.publication import publish as publishing
from cuvee.publication import summary
from cuvee.publication.ledger import Outcome, make_ledger
from cuvee.publication.map import make_map
from cuvee.publication.measure import measure
from cuvee.result import Result, Summary
from cuvee.result.methods import PickedLine, PickedOverTime
from cuvee.runs import Run, Step, sha256
from cuvee.samples import ledger as ledgers
from cuvee.samples.pool import Selection
from cuvee.training.batches import most_passes
from cuvee.training.replaying import TRAJECTORY, schema
from cuvee.training.settings import MICRO_TOKENS

STRETCHES = 6  # of the final run that the page tells apart
TASKS = 8  # whose shares it shows


@dataclass(frozen=True)
class Adapted:
    """A finished run. final: its folder holds the model and the trajectory. policy: the folder of the last policy."""

    wanted: AdaptAsk
    field: EpisodeField
    episodes: list[Figures]
    final: Step
    policy: Path

    def taken(self) -> dict[str, Any]:
        """Return step, row, cluster, score of everything that the final run saw, in order."""
        return taken(self.final.path)


def finish(run: Run, done: Adapted) -> Result:
    """Measure and publish; return what the verb returns."""
    wanted, ground, depends = done.wanted, done.field.ground, done.final.fingerprint
    taken = done.taken()
    chosen, first = np.unique(taken["row"], return_index=True)
    chosen = chosen[np.argsort(first, kind="stable")].astype(np.int64)
    measured, measures = measure(
        run, ground.pool, chosen, ground.tokens, twin=ground.embedder.near, draws=wanted.ground.draws,
        seed=wanted.seed, depends=depends,
    )  # fmt: skip
    outcome = Outcome(ground.source, ground.table, ground.alive, ground.pool, _selection(chosen, taken))
    mapped = make_map(run, outcome, wanted.seed, depends=depends)
    ledger = make_ledger(outcome, "")
    counts = ledgers.check(ledger, ground.source.total)
    facts = summary.Facts(
        wanted.ground, run.path, ground.source, ledger, counts, ground.pool, outcome.selection, measures,
        commands.command("adapt", wanted.typed, run.path),
    )  # fmt: skip
    notes = [*ground.notes, *done.field.notes]
    told = _told(summary.summarise(facts, ground.embedder, notes), done, taken)
    files = publishing.publish(
        run, outcome, mapped, ledger, told,
        format=wanted.ground.format, file=wanted.ground.file, depends=[measured.fingerprint, mapped.fingerprint],
    )  # fmt: skip
    files += run.publish(_trajectory(run, done, taken, chosen), [TRAJECTORY])
    model = run.publish_folder(done.final, "model")
    _publish_policy(run, done)
    _write_manifest(run, done, counts, files)
    return Result(run.path, told, [*files, model, run.path / "policy"], next=_replay(wanted, run.path))


def _selection(chosen: I64, taken: dict[str, Any]) -> Selection:
    """Return the rows in the order they were first taken, with the score they then had."""
    place = {row: at for at, row in reversed(list(enumerate(taken["row"].tolist())))}
    times = dict(zip(*(part.tolist() for part in np.unique(taken["row"], return_counts=True)), strict=True))
    first = np.array([place[row] for row in chosen.tolist()], dtype=np.int64)
    scores: F32 = taken["score"][first].astype(np.float32)
    steps, clusters = taken["step"][first].tolist(), taken["cluster"][first].tolist()
    reasons = [
        f"the policy took it at step {step + 1}, best of cluster {cluster + 1}; {times[row]} times in all"
        for row, step, cluster in zip(chosen.tolist(), steps, clusters, strict=True)
    ]
    return Selection(chosen, scores, reasons)


def _trajectory(run: Run, done: Adapted, taken: dict[str, Any], chosen: I64) -> Step:
    """Make ``trajectory.parquet``: what every step saw. row: the line of selected.* (0 = first)."""
    wanted, field = done.wanted, done.field
    line = np.full(len(field.rows), -1, dtype=np.int64)
    line[chosen] = np.arange(len(chosen))
    ids = field.ground.pool.table["id"].take(pa.array(taken["row"])).combine_chunks().cast(pa.string())

    def make(folder: Path) -> None:
        columns = {"step": taken["step"], "row": line[taken["row"]], "id": ids}
        columns |= {"cluster": taken["cluster"], "score": taken["score"]}
        table = pa.table(columns, schema=schema(_passes(wanted, field), _settings(wanted)))
        pq.write_table(table, folder / TRAJECTORY, compression="zstd")

    return run.step("trajectory", {"final": done.final.fingerprint, "chosen": chosen}, make)


def _passes(wanted: AdaptAsk, field: EpisodeField) -> int:
    """Return the passes that every step of the final run was cut into."""
    lengths = np.array([len(row) for row in field.rows], dtype=np.int64)
    batch = sum(min(wanted.per_cluster, len(members)) for members in field.seen.rows.clusters)
    kind = "cuda" if causal.load(wanted.base).device.startswith("cuda") else "cpu"
    return most_passes(lengths, batch, wanted.final.micro_tokens or MICRO_TOKENS[kind])


def _settings(wanted: AdaptAsk) -> dict[str, Any]:
    names = ("lr", "schedule", "warmup", "max_length", "lora")
    return {"model": wanted.typed["model"], "seed": wanted.seed, **{name: wanted.typed[name] for name in names}}


def _replay(wanted: AdaptAsk, folder: Path) -> str:
    typed = {**_settings(wanted), "data": [folder], "replay": True}
    return commands.command("train", typed, folder.with_name(f"{folder.name}-replay"))


def _publish_policy(run: Run, done: Adapted) -> None:
    def make(folder: Path) -> None:
        import shutil

        shutil.copytree(done.policy, folder / "policy")

    run.publish_folder(run.step("policy", {"final": done.final.fingerprint}, make), "policy")


def _told(told: Summary, done: Adapted, taken: dict[str, Any]) -> Summary:
    """Add what the policy learnt and did to a summary."""
    wanted, field = done.wanted, done.field
    final = orjson.loads((done.final.path / "figures.json").read_bytes())
    start, end = field.start, final["end"]
    told["selection"] = {
        "method": "adapt: a learned policy", "model": wanted.typed["model"], "goal": ", ".join(wanted.goal),
        "episodes": len(done.episodes), "steps": final["steps"], "embedder": told["selection"]["embedder"],
        "gain": "the policy's score when the row was first taken",
    }  # fmt: skip
    reward = wanted.reward
    told["adaptation"] = {
        "measure": reward.measure, "unit": reward.unit, "sign": reward.sign,
        "start": start, "end": end, "validation rows": len(field.goal.validation), "test rows": len(field.goal.test),
        "episodes": done.episodes, "performance": final["performance"], "every": wanted.every,
        "importance": dict(sorted(final["importance"].items(), key=lambda item: -item[1])),
        "time": _over_time(done, taken),
    }  # fmt: skip
    told["sentence"] = (
        f"The goal's {reward.measure.replace('_', ' ')} on {len(field.goal.test):,} rows that the policy never saw went from "
        f"{start['test']:.4f} to {end['test']:.4f} ({reward.unit}) in {final['steps']:,} steps, after "
        f"{len(done.episodes)} episodes."
    )
    told["title"] = f"{len(np.unique(taken['row'])):,} rows of {told['rows']['input']:,}, picked by a policy"
    told["warnings"].append(
        "one run is no proof: `cuvee prove` with the arms adapt and random says whether it beats chance"
    )
    return told


def _over_time(done: Adapted, taken: dict[str, Any]) -> PickedOverTime:
    """Return what was picked in each stretch of the final run, and in the pool: lengths, difficulty, tasks."""
    figures: F32 = done.field.seen.figures
    labels = np.array(labels_of(done.field.ground.pool))
    names, counts = np.unique(labels[taken["row"]], return_counts=True)
    shown = names[np.argsort(-counts, kind="stable")][:TASKS].tolist()
    steps = int(taken["step"].max()) + 1
    edges = np.unique(np.linspace(0, steps, min(STRETCHES, steps) + 1).round().astype(np.int64))
    lines = [("pool", np.arange(len(labels), dtype=np.int64))]
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        inside = (taken["step"] >= low) & (taken["step"] < high)
        lines.append((f"steps {low + 1} to {high}", taken["row"][inside]))
    return {"tasks": shown, "lines": [_line(name, rows, figures, labels, shown) for name, rows in lines]}


def _line(name: str, rows: I64, figures: F32, labels: Any, shown: list[str]) -> PickedLine:
    seen = figures[rows]
    return {
        "name": name,
        "rows": len(rows),
        "different": len(np.unique(rows)),
        "prompt tokens": float(np.expm1(seen[:, 0]).mean()),
        "answer tokens": float(np.expm1(seen[:, 1]).mean()),
        "log P(y|x)": float(np.nanmean(seen[:, 2])),
        "log P(y)": float(np.nanmean(seen[:, 3])),
        "tasks": [float((labels[rows] == task).mean()) for task in shown],
    }


def _write_manifest(run: Run, done: Adapted, counts: dict[str, int], files: list[Path]) -> None:
    wanted, ground = done.wanted, done.field.ground
    outputs = [{"file": path.name, "bytes": path.stat().st_size, "sha256": sha256(path)} for path in files]
    run.finish(
        {
            "verb": "adapt",
            "settings": {name: summary_value(value) for name, value in wanted.typed.items()},
            "seed": wanted.seed,
            "inputs": ground.source.files,
            "outputs": outputs,
            "rows": {"input": ground.source.total, **{status: counts[status] for status in ledgers.STATUSES}},
            "model": {"name": wanted.typed["model"], "version": causal.version_of(wanted.base)},
            "episodes": done.episodes,
        }
    )


def summary_value(value: Any) -> Any:
    """Return a setting as JSON can hold it."""
    return str(value) if isinstance(value, Path) else value
