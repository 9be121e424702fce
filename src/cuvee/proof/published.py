"""What a proof leaves behind: one row per arm, seed and question, the rows each arm saw, the verdicts, and the page."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa

from cuvee import disk, rng
from cuvee import statistics as proof
from cuvee.evaluation.table import MEASURES
from cuvee.proof.summary import Proven, summarise
from cuvee.reports import page
from cuvee.reports.frame import costs_of
from cuvee.result import Result, Summary
from cuvee.runs import Run, Step
from cuvee.statistics import ArmResults, Proof
from cuvee.training.fresh import adapters
from cuvee.training.settings import described

FILES = ["report.html", "proof.json", "results.parquet", "selections.parquet", "used.parquet", "summary.json"]


def published(run: Run, done: Proven) -> Result:
    """Compare, write and publish; return what the verb returns."""
    step, summary = written(run, done, lambda told: told)
    files = run.publish(step, FILES)
    _conclude(run, done)
    return Result(run.path, summary, files)


def written(run: Run, done: Proven, retold: Callable[[Summary], Summary]) -> tuple[Step, Summary]:
    """Compare, and write the files of a proof as a step of the run. retold: what its summary and its page say instead."""
    compared = {metric: _compared(done, metric) for metric in done.terms.ask.judged_by.metrics}
    summary = retold(summarise(compared, done, run.path))
    parts = [step.fingerprint for step in run.steps]

    def make(folder: Path) -> None:
        disk.save_table(folder / "results.parquet", _results(done))
        disk.save_table(folder / "selections.parquet", _selections(done))
        disk.save_table(folder / "used.parquet", _used(done))
        disk.write(folder / "proof.json", orjson.dumps(summary["proof"], option=orjson.OPT_INDENT_2))
        disk.write(folder / "summary.json", orjson.dumps(summary, option=orjson.OPT_INDENT_2))
        page.write(summary, _no_points(), folder / "report.html", costs=costs_of(run.steps))

    return run.step("publish", {"of": parts, "summary": summary}, make), summary


def _compared(done: Proven, metric: str) -> Proof:
    """Compare the arms by one metric; metrics share the chance of a false claim between them."""
    terms = done.terms
    how, judged = terms.ask.judged_by, np.flatnonzero(~done.rates.questions)
    results = [
        ArmResults(
            arm.label,
            np.stack([trial.values[metric][judged] for trial in done.trials[arm.label]]),
            tuple(trial.seed for trial in done.trials[arm.label]) if arm.kind.chance else (),
            arm.kind.chance,
        )
        for arm in terms.ask.arms
    ]
    return proof.compare(
        results,
        [terms.field.tasks[at] for at in judged],
        proof.Comparison(
            reference=how.reference,
            better="higher" if MEASURES[metric].higher_is_better else "lower",
            level=how.level if how.primary else 1 - (1 - how.level) / len(how.metrics),
            pair_seeds=how.pair_seeds,
            primary=how.primary.arm if how.primary and metric == how.metrics[0] else None,
        ),
        together=[terms.field.together[at] for at in judged],
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
            "part": pa.array(np.where(done.rates.questions, "rates", "verdict").tolist() * len(trials), pa.string()),
            "together": pa.array(field.together * len(trials), pa.string()),
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


def _used(done: Proven) -> pa.Table:
    """Return what a confirmation may not use again: arm (null for a question), fingerprint; of the confirmed proof too."""
    field = done.terms.field
    prints: list[bytes] = field.ground.pool.table["fingerprint"].to_pylist()
    used: list[tuple[str | None, bytes]] = [(None, one) for one in field.prints]
    for label, runs in done.trials.items():
        rows = sorted({row for trial in runs for row in trial.rows.tolist()})
        used += [(label, prints[row]) for row in rows]
    if done.terms.ask.earlier:
        before = done.terms.ask.earlier
        used += [(None, one) for one in sorted(before.questions)]
        used += [(before.figures["reference"], one) for one in sorted(before.rows)]
    return pa.table(
        {
            "arm": pa.array([arm for arm, _ in used], pa.string()),
            "fingerprint": pa.array([one for _, one in used], pa.binary()),
        }
    )


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
        meant=ask.meant,
        trials=[
            {"arm": label, "seed": trial.seed, **trial.figures} for label, runs in done.trials.items() for trial in runs
        ],
    )
