"""What a proof leaves behind: one row per arm, seed and question, the rows each arm saw, the verdicts, and the page."""

from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from cuvee import rng
from cuvee import statistics as proof
from cuvee.evaluation.table import MEASURES
from cuvee.proof.asked import _plain
from cuvee.proof.told import Proven, _told
from cuvee.reports import page
from cuvee.result import Result
from cuvee.runs import Run, sha256
from cuvee.statistics import Proof

FILES = ["report.html", "proof.json", "results.parquet", "selections.parquet", "summary.json"]


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
        proof.ArmResults(
            arm.label,
            np.stack([trial.values[metric] for trial in done.trials[arm.label]]),
            tuple(trial.seed for trial in done.trials[arm.label]) if arm.kind.chance else (),
            arm.kind.chance,
        )
        for arm in done.wanted.arms
    ]
    return proof.compare(
        results,
        done.tasks,
        proof.Comparison(
            reference=typed["reference"],
            better="higher" if MEASURES[metric].higher_is_better else "lower",
            level=1 - (1 - typed["level"]) / len(metrics),
            pair_seeds=typed["pair_seeds"],
        ),
        rng=rng.stream(typed["seed"], "prove", "bootstrap"),
    )


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
