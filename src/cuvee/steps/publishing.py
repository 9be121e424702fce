"""Publish: the files at the top of a run folder, made in one step and put there one by one, each whole or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from cuvee import render
from cuvee.arrays import F32, I64
from cuvee.geometry.layout import layout
from cuvee.progress import say
from cuvee.reports import page
from cuvee.runs import Run, Step
from cuvee.samples import ledger as ledgers
from cuvee.samples.pool import Pool, Selection
from cuvee.samples.trainers import trainer_files
from cuvee.samples.write import write
from cuvee.steps.reading import Source

EXCERPT = 300  # characters of a row's text in the map


@dataclass(frozen=True)
class Outcome:
    """Everything that is known about a run once the rows are chosen.

    alive: (m,) int64 rows of ``source.table`` that were there to choose from; ``pool``, ``selection`` and ``vectors`` count
    in these. cleaned: the table of ``steps.cleaning.clean``, updated by what fell later.
    """

    source: Source
    cleaned: pa.Table
    alive: I64
    pool: Pool
    selection: Selection

    @property
    def chosen(self) -> I64:
        """(k,) rows of ``source.table``, best first."""
        return self.alive[self.selection.rows]


def make_ledger(outcome: Outcome, given: str) -> pa.Table:
    """Return the ledger: one row per sample that was read, then one per quarantined row."""
    table, n = outcome.source.table, outcome.source.table.num_rows
    rank = np.zeros(n, dtype=np.int32)
    rank[outcome.chosen] = np.arange(1, len(outcome.chosen) + 1)
    gain = np.full(n, np.nan, dtype=np.float32)
    gain[outcome.chosen] = outcome.selection.gains
    stage, reason = outcome.cleaned["stage"].to_pylist(), outcome.cleaned["reason"].to_pylist()
    for row in outcome.alive:
        stage[row], reason[row] = "select", "beyond the budget"
    for row in outcome.alive[outcome.pool.taken]:
        stage[row], reason[row] = "given", f"already taken by {given}"
    for pick, row in enumerate(outcome.chosen):
        reason[row] = outcome.selection.reason(pick)
    columns = {
        **{name: table[name] for name in ("id", "source", "task", "file", "line")},
        "fingerprint": [value.hex() for value in table["fingerprint"].to_pylist()],
        "status": np.where(rank > 0, "kept", "dropped").tolist(),
        "stage": stage,
        "reason": reason,
        "related": outcome.cleaned["related"],
        "rank": pa.array(rank, mask=rank == 0),
        "gain": pa.array(gain, mask=~np.isfinite(gain)),
        "flags": outcome.cleaned["flags"],
        "tokens": outcome.cleaned["tokens"],
        "parents": table["parents"],
    }
    ledger = pa.table(columns).cast(ledgers.LEDGER)
    ledger = ledgers.with_scores(ledger, outcome.pool.scores, outcome.alive)
    return pa.concat_tables([ledger, _quarantined(outcome.source.quarantined)], promote_options="default")


def _quarantined(rows: list[dict[str, Any]]) -> pa.Table:
    stem = [Path(row["file"]).name.split(".")[0] for row in rows]
    return pa.table(
        {
            "id": [f"{name}:{row['line']}" for name, row in zip(stem, rows, strict=True)],
            "source": stem,
            "file": [row["file"] for row in rows],
            "line": pa.array([row["line"] for row in rows], pa.int64()),
            "status": ["quarantined"] * len(rows),
            "stage": ["read"] * len(rows),
            "reason": [row["reason"] for row in rows],
        },
        schema=pa.schema(
            [ledgers.LEDGER.field(name) for name in ("id", "source", "file", "line", "status", "stage", "reason")]
        ),
    )


def make_map(run: Run, outcome: Outcome, seed: int, depends: object) -> Step:
    """Make ``map.parquet``: one row per sample with x and y in [0, 1], null where it has no vector.

    A row that repeats another lies where that one lies.
    """

    def make(folder: Path) -> None:
        n = outcome.source.table.num_rows
        xy = np.full((n, 2), np.nan, dtype=np.float32)
        assert outcome.pool.vectors is not None
        xy[outcome.alive] = layout(outcome.pool.vectors, seed=seed)
        beside(xy, outcome)
        texts = render.plain_column(outcome.source.table["messages"])
        pq.write_table(points(outcome, xy, texts), folder / "map.parquet", compression="zstd")

    step = run.step("map", {"rows": depends, "seed": seed}, make)
    if not step.reused:
        say(f"mapped    {outcome.source.table.num_rows:,} rows in {step.seconds:.1f} s")
    return step


def beside(xy: F32, outcome: Outcome) -> None:
    """Put a row that repeats another where that one lies. xy: (n, 2), NaN where a row has no place."""
    place = {name: row for row, name in enumerate(outcome.source.table["id"].to_pylist())}
    for row, keeper in enumerate(outcome.cleaned["related"].to_pylist()):
        if keeper in place and np.isnan(xy[row, 0]):
            xy[row] = xy[place[keeper]]


def points(outcome: Outcome, xy: F32, texts: list[str]) -> pa.Table:
    """Return the map's table, ``reports.page.POINTS``: one row per sample. xy: (n, 2), NaN where a row has no place."""
    table = outcome.source.table
    rank = np.zeros(len(xy), dtype=np.int32)
    rank[outcome.chosen] = np.arange(1, len(outcome.chosen) + 1)
    alive = np.zeros(len(xy), dtype=bool)
    alive[outcome.alive] = True
    status = np.where(rank > 0, "kept", np.where(alive, "free", "dropped"))
    return pa.table(
        {
            "id": table["id"],
            "x": pa.array(xy[:, 0], mask=np.isnan(xy[:, 0])),
            "y": pa.array(xy[:, 1], mask=np.isnan(xy[:, 1])),
            "status": status.tolist(),
            "rank": pa.array(rank, mask=rank == 0),
            "task": table["task"],
            "source": table["source"],
            "length": pa.array([len(text) for text in texts], pa.int32()),
            "reason": outcome.cleaned["reason"],
            "text": [text[:EXCERPT] for text in texts],
        }
    )


def publish(
    run: Run,
    outcome: Outcome,
    mapped: Step,
    ledger: pa.Table,
    summary: Mapping[str, Any],
    *,
    format: str,
    file: str,
    depends: object,
    tables: Mapping[str, pa.Table] | None = None,
) -> list[Path]:
    """Write and publish everything at the top of the run folder; return the paths, the training set first.

    tables: file name -> table, more Parquet files that belong to the run.
    """
    data_file = f"selected.{file}"

    drawn = mapped.path / "map.parquet"

    def make(folder: Path) -> None:
        write(outcome.source.table, outcome.chosen, folder / data_file, format=format, file=file)
        dialects = sorted(set(outcome.source.table["dialect"].take(pa.array(outcome.chosen)).to_pylist()))
        trainer_files(folder, data_file=data_file, format=format, dialects=dialects)
        pq.write_table(ledger, folder / "ledger.parquet", compression="zstd")
        (folder / "map.parquet").write_bytes(drawn.read_bytes())
        if outcome.source.quarantined:
            lines = [orjson.dumps(row) for row in outcome.source.quarantined]
            (folder / "quarantine.jsonl").write_bytes(b"\n".join(lines) + b"\n")
        for name, more in (tables or {}).items():
            pq.write_table(more, folder / name, compression="zstd")
        (folder / "summary.json").write_bytes(orjson.dumps(summary, option=orjson.OPT_INDENT_2))
        page.write(summary, pq.read_table(drawn), folder / "report.html")

    step = run.step("publish", {"of": depends, "format": format, "file": file, "summary": summary}, make)
    if not step.reused:
        say(f"published in {step.seconds:.1f} s")
    names = sorted(path.name for path in step.path.iterdir() if path.name != "cost.json")
    names.sort(key=lambda name: name != data_file)
    return run.publish(step, names)
