"""What a proof leaves behind: one row per arm, seed and question, the rows each arm saw, the verdicts, and the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from cuvee import commands, proof, rng
from cuvee.arrays import F64, I64
from cuvee.budget import Budget
from cuvee.evaluation.table import MEASURES
from cuvee.proof import Proof
from cuvee.reports import page
from cuvee.result import Result
from cuvee.runs import Run, sha256, versions
from cuvee.steps.arms import Arm
from cuvee.steps.selecting import Ground, kept_by
from cuvee.steps.settings import Settings
from cuvee.training import sft

UNITS = {"loss": "nats per answer token", "exact_match": "share of answers that are right word for word"}
"""Of every metric that arms can be judged by; its direction stands in ``evaluation.table.MEASURES``."""
Figures = dict[str, Any]
FILES = ["report.html", "proof.json", "results.parquet", "selections.parquet", "summary.json"]


@dataclass(frozen=True)
class Wanted:
    """A checked ``cuvee prove``. seeds: the numbers of the training runs. on: evaluation files, or none. metrics: names."""

    ground: Settings
    arms: list[Arm]
    budget: Budget
    seeds: tuple[int, ...]
    base: Path
    training: sft.Training
    held_out: Budget
    on: list[str]
    metrics: list[str]
    typed: dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """One arm with one seed. values: metric -> (q,) of every question, NaN where it has none. rows: of the pool, best first."""

    seed: int
    values: Mapping[str, F64]
    rows: I64
    figures: Figures


@dataclass(frozen=True)
class Proven:
    """A finished loop. ids, tasks: of the questions. trials: arm -> its runs, in order of seeds."""

    wanted: Wanted
    ground: Ground
    ids: list[str]
    tasks: list[str]
    trials: Mapping[str, list[Trial]]
    training: sft.Training
    version: str  # of the base model
    notes: list[str]


def finish(run: Run, done: Proven) -> Result:
    """Compare, write and publish; return what the verb returns."""
    compared = {metric: _compared(done, metric) for metric in done.wanted.metrics}
    told = _told(compared, done, run.path)
    parts = [step.fingerprint for step in run.steps]

    def make(folder: Path) -> None:
        pq.write_table(_results(done), folder / "results.parquet", compression="zstd")
        pq.write_table(_selections(done), folder / "selections.parquet", compression="zstd")
        (folder / "proof.json").write_bytes(orjson.dumps(told["proof"], option=orjson.OPT_INDENT_2))
        (folder / "summary.json").write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2))
        page.write(told, _no_points(), folder / "report.html")

    step = run.step("publish", {"of": parts, "told": told}, make)
    files = run.publish(step, FILES)
    _write_manifest(run, done, files)
    return Result(run.path, told, files)


def _compared(done: Proven, metric: str) -> Proof:
    """Compare the arms by one metric; metrics share the chance of a false claim between them."""
    typed, metrics = done.wanted.typed, done.wanted.metrics
    results = [
        proof.Arm(
            arm.label,
            np.stack([trial.values[metric] for trial in done.trials[arm.label]]),
            tuple(trial.seed for trial in done.trials[arm.label]) if arm.kind.chance else (),
            arm.kind.chance,
        )
        for arm in done.wanted.arms
    ]
    return proof.compare(
        results, done.tasks, reference=typed["reference"],
        better="higher" if MEASURES[metric].higher_is_better else "lower",
        level=1 - (1 - typed["level"]) / len(metrics), pair_seeds=typed["pair_seeds"],
        rng=rng.stream(typed["seed"], "prove", "bootstrap"),
    )  # fmt: skip


def _results(done: Proven) -> pa.Table:
    """Return one row per arm, seed and question; seed is null for an arm without chance, value where there is none."""
    chance = {arm.label: arm.kind.chance for arm in done.wanted.arms}
    q, trials = len(done.ids), [(label, trial) for label, runs in done.trials.items() for trial in runs]
    values = {name: np.concatenate([trial.values[name] for _, trial in trials]) for name in done.wanted.metrics}
    return pa.table(
        {
            "arm": pa.array([label for label, _ in trials for _ in range(q)], pa.string()),
            "seed": pa.array(
                [trial.seed if chance[label] else None for label, trial in trials for _ in range(q)], pa.int64()
            ),
            "question": pa.array(done.ids * len(trials), pa.string()),
            "task": pa.array(done.tasks * len(trials), pa.string()),
            **{name: pa.array(of, pa.float64(), mask=np.isnan(of)) for name, of in values.items()},
        }
    )


def _selections(done: Proven) -> pa.Table:
    """Return which rows each arm trained on, best first: arm, seed, rank (1 = best), id."""
    ids = done.ground.pool.table["id"]
    tables = [
        pa.table(
            {
                "arm": pa.array([label] * len(trial.rows), pa.string()),
                "seed": pa.array([trial.seed] * len(trial.rows), pa.int64()),
                "rank": pa.array(np.arange(1, len(trial.rows) + 1), pa.int32()),
                "id": ids.take(pa.array(trial.rows)).combine_chunks().cast(pa.string()),
            }
        )
        for label, runs in done.trials.items()
        for trial in runs
    ]
    return pa.concat_tables(tables)


def _told(compared: Mapping[str, Proof], done: Proven, folder: Path) -> dict[str, Any]:
    typed, wanted = done.wanted.typed, done.wanted
    command = commands.command("prove", typed, folder)
    first, *others = [_proof(metric, found, done) for metric, found in compared.items()]
    updates = {figures["updates"] for figures in first["arms"] if figures["updates"]}
    facts = {
        "budget": typed["budget"], "model": typed["model"], "seeds": len(wanted.seeds), "questions": first["questions"],
        "tasks": len(first["tasks"]), "updates": ", ".join(f"{number:,}" for number in sorted(updates)),
        "pool": f"{len(done.ground.pool):,} rows",
    }  # fmt: skip
    return {
        "title": f"proof: {len(wanted.arms)} arms, {len(wanted.seeds)} seeds, {first['questions']:,} questions",
        "command": command,
        "rows": {},
        "selection": facts,
        "sentence": sentence(compared, typed["level"]),
        "proof": first | {"also": others},
        "settings": {name: _plain(value) for name, value in typed.items() if value not in (None, "", [])},
        "reproduce": [command],
        "versions": versions(),
        "warnings": [*done.ground.notes, *done.notes, *_warnings(compared, done)],
    }


def _proof(metric: str, compared: Proof, done: Proven) -> dict[str, Any]:
    typed = done.wanted.typed
    return {
        "metric": metric, "reference": compared.reference, "unit": UNITS[metric], "better": compared.better,
        "level": typed["level"], "questions": compared.questions, "left_out": compared.left_out,
        "tasks": compared.tasks, "seeds": list(done.wanted.seeds), "same": typed["same"],
        "pair_seeds": typed["pair_seeds"], "base": done.version, "training": sft.described(done.training),
        "arms": _arms(compared, done),
    }  # fmt: skip


def _arms(compared: Proof, done: Proven) -> list[dict[str, Any]]:
    verdicts = {verdict.arm: verdict for verdict in compared.verdicts}
    found = []
    for arm in done.wanted.arms:
        trials = done.trials[arm.label]
        row: dict[str, Any] = {
            "arm": arm.label,
            "summary": arm.kind.summary,
            "mean": compared.means[arm.label],
            "by_task": compared.task_means[arm.label].tolist(),
            "runs": len(trials),
            **{name: _mean([trial.figures[name] for trial in trials]) for name in ("rows", "updates", "tokens")},
        }
        verdict = verdicts.get(arm.label)
        if verdict is not None:
            row |= {
                "difference": verdict.difference, "half_width": verdict.half_width, "verdict": verdict.word,
                "low": verdict.difference - verdict.half_width, "high": verdict.difference + verdict.half_width,
                "sentence": verdict.sentence, "share_of_runs": verdict.share_of_runs,
                "more_questions": verdict.more_questions, "more_seeds": verdict.more_seeds, "notes": verdict.notes,
            }  # fmt: skip
        found.append(row)
    return found


def _mean(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known)) if known else None


def sentence(compared: Mapping[str, Proof], level: float) -> str:
    """Return the outcome by each metric in one sentence: who beats the reference, who loses, who cannot be told from it."""
    parts = {metric: outcome(found) for metric, found in compared.items()}
    told = "; ".join(parts.values() if len(parts) == 1 else (f"by {name}: {part}" for name, part in parts.items()))
    return f"{told.replace('exact_match', 'exact match')} (chance of any false claim at most {1 - level:.0%})"


def outcome(compared: Proof) -> str:
    """Return who beats the reference, who loses to it, and who cannot be told from it."""
    named = {
        word: [verdict.arm for verdict in compared.verdicts if verdict.word == word]
        for word in ("beats", "loses", "open")
    }
    forms = {"beats": ("beats", "beat"), "loses": ("loses to", "lose to"), "open": ("cannot be told from",) * 2}
    parts = [f"{_and(arms)} {forms[word][len(arms) > 1]} {compared.reference}" for word, arms in named.items() if arms]
    return "; ".join(parts) or f"only {compared.reference} was trained: nothing to compare"


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _warnings(compared: Mapping[str, Proof], done: Proven) -> list[str]:
    found = [note for arm in done.wanted.arms if arm.source for note in _missing(arm.source, done.trials[arm.label])]
    for metric, of in compared.items():
        found += [f"{verdict.arm}: {note}" for verdict in of.verdicts for note in verdict.notes]
        if of.left_out and metric == "loss":
            found.append(f"{of.left_out:,} questions have no value in some arm and are left out of all")
        elif of.left_out:
            found.append(
                f"{metric} is compared on the {of.questions:,} questions whose right answer is short enough to be met"
            )
    if len(done.wanted.seeds) == 2:
        found.append("2 seeds say little about chance in training: intervals are wide; 5 make them much narrower")
    return list(dict.fromkeys(found))


def _missing(source: Path, trials: list[Trial]) -> list[str]:
    kept, used = len(kept_by(source)), trials[0].figures["rows"]
    return [
        f"{used:,} of {kept:,} rows that {source} kept were trained on: the others are held out, or over the budget"
    ] * (used < kept)


def _plain(value: Any) -> Any:
    return [str(part) for part in value] if isinstance(value, list | tuple) else str(value)


def _no_points() -> pa.Table:
    kinds = {"x": pa.float32(), "y": pa.float32(), "rank": pa.int32(), "length": pa.int32()}
    return pa.table({name: pa.array([], kinds.get(name, pa.string())) for name in page.POINTS})


def _write_manifest(run: Run, done: Proven, files: list[Path]) -> None:
    outputs = [{"file": path.name, "bytes": path.stat().st_size, "sha256": sha256(path)} for path in files]
    run.finish(
        {
            "verb": "prove",
            "settings": {name: _plain(value) for name, value in done.wanted.typed.items()},
            "seed": done.wanted.typed["seed"],
            "inputs": done.ground.source.files,
            "outputs": outputs,
            "rows": {"input": done.ground.source.total, "pool": len(done.ground.pool), "questions": len(done.ids)},
            "model": {"name": done.wanted.typed["model"], "version": done.version},
            "embedder": {"name": done.ground.embedder.name, "version": done.ground.embedder.version},
            "trials": [
                {"arm": label, "seed": trial.seed, **trial.figures}
                for label, runs in done.trials.items()
                for trial in runs
            ],
        }
    )
