"""What a proof leaves behind: one row per arm, seed and question, the rows each arm saw, the verdicts, and the page."""

from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa

from cuvee import disk, rng
from cuvee import statistics as proof
from cuvee.evaluation.table import MEASURES
from cuvee.proof.summary import Proven, summarise
from cuvee.reports import page
from cuvee.result import Result
from cuvee.runs import Run
from cuvee.statistics import ArmResults, Proof
from cuvee.training.fresh import adapters
from cuvee.training.settings import described

FILES = ["report.html", "proof.json", "results.parquet", "selections.parquet", "summary.json"]


def published(run: Run, done: Proven) -> Result:
    """Compare, write and publish; return what the verb returns."""
    compared = {metric: _compared(done, metric) for metric in done.terms.ask.judged_by.metrics}
    summary = summarise(compared, done, run.path)
    parts = [step.fingerprint for step in run.steps]

    def make(folder: Path) -> None:
        disk.save_table(folder / "results.parquet", _results(done))
        disk.save_table(folder / "selections.parquet", _selections(done))
        disk.write(folder / "proof.json", orjson.dumps(summary["proof"], option=orjson.OPT_INDENT_2))
        disk.write(folder / "summary.json", orjson.dumps(summary, option=orjson.OPT_INDENT_2))
        page.write(summary, _no_points(), folder / "report.html")

    step = run.step("publish", {"of": parts, "summary": summary}, make)
    files = run.publish(step, FILES)
    _conclude(run, done)
    return Result(run.path, summary, files)


def _compared(done: Proven, metric: str) -> Proof:
    """Compare the arms by one metric; metrics share the chance of a false claim between them."""
    terms = done.terms
    how = terms.ask.judged_by
    results = [
        ArmResults(
            arm.label,
            np.stack([trial.values[metric] for trial in done.trials[arm.label]]),
            tuple(trial.seed for trial in done.trials[arm.label]) if arm.kind.chance else (),
            arm.kind.chance,
        )
        for arm in terms.ask.arms
    ]
    return proof.compare(
        results,
        terms.field.tasks,
        proof.Comparison(
            reference=how.reference,
            better="higher" if MEASURES[metric].higher_is_better else "lower",
            level=1 - (1 - how.level) / len(how.metrics),
            pair_seeds=how.pair_seeds,
        ),
        rng=rng.stream(terms.ask.pool.seed, "prove", "bootstrap"),
    )


def _results(done: Proven) -> pa.Table:
    """Return one row per arm, seed and question; seed is null for an arm without chance, value where there is none."""
    ask, field = done.terms.ask, done.terms.field
    chance = {arm.label: arm.kind.chance for arm in ask.arms}
    q, trials = len(field.ids), [(label, trial) for label, runs in done.trials.items() for trial in runs]
    values = {name: np.concatenate([trial.values[name] for _, trial in trials]) for name in ask.judged_by.metrics}
    return pa.table(
        {
            "arm": pa.array([label for label, _ in trials for _ in range(q)], pa.string()),
            "seed": pa.array(
                [trial.seed if chance[label] else None for label, trial in trials for _ in range(q)], pa.int64()
            ),
            "question": pa.array(field.ids * len(trials), pa.string()),
            "task": pa.array(field.tasks * len(trials), pa.string()),
            **{name: pa.array(of, pa.float64(), mask=np.isnan(of)) for name, of in values.items()},
        }
    )


def _selections(done: Proven) -> pa.Table:
    """Return which rows each arm trained on, best first: arm, seed, rank (1 = best), id."""
    ids = done.terms.field.ground.pool.table["id"]
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


def _conclude(run: Run, done: Proven) -> None:
    terms, ask, field = done.terms, done.terms.ask, done.terms.field
    ground = field.ground
    run.conclude(
        "prove",
        ask.typed,
        seed=ask.pool.seed,
        inputs=ground.source.files,
        rows={"input": ground.source.total, "pool": len(ground.pool), "questions": len(field.ids)},
        model={"name": ask.model, "version": terms.version},
        training=described(terms.training),
        adapters=adapters(terms.training),
        embedder={"name": ground.embedder.name, "version": ground.embedder.version, "computed": ground.embedded},
        notes=[*ground.notes, *field.notes],
        trials=[
            {"arm": label, "seed": trial.seed, **trial.figures} for label, runs in done.trials.items() for trial in runs
        ],
    )
