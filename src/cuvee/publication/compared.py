"""Two runs beside each other: what one chose and the other did not, from their ledgers and maps."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from cuvee import commands, disk
from cuvee.arrays import I64, Bool
from cuvee.errors import InputError
from cuvee.reports import comparison
from cuvee.reports.comparison import Both, RunPair
from cuvee.reports.excerpts import Exchange
from cuvee.result import Result
from cuvee.result.measures import LabelBar
from cuvee.result.summary import PageSummary
from cuvee.runs import manifest_of, output, versions

SHARED = ("question", "answer", "task", "source")
WHERE = ("out", "replace", "dry_run")  # options that say where, not how


@dataclass(frozen=True)
class Finished:
    """A run that chose rows. points: its map, one line per sample. settings: every option as it was typed."""

    path: Path
    summary: PageSummary
    points: pa.Table
    settings: dict[str, object]


def side_by_side(runs: Sequence[Path], out: Path) -> Result:
    """Draw two finished runs beside each other; ``out`` is the page.

    Raises InputError where they are not two, or one of them chose no rows.
    """
    if len(runs) != 2:
        raise InputError(
            f"{len(runs)} runs are named, and two can be compared", "name two; of proofs as many as you like"
        )
    a, b = (_finished(Path(run)) for run in runs)
    table = _joined(a, b)
    told = _told(a, b, table, commands.line("cuvee", "report", *runs, "--out", out))
    disk.folder(out.parent)
    comparison.write(told, Both(table, lambda rows: _texts(table, rows)), out)
    return Result(out.parent, {"sentence": told["sentence"], "warnings": told["warnings"]}, [out])


def _finished(run: Path) -> Finished:
    summary, points = output(run, "summary.json"), output(run, "map.parquet")
    if summary is None or points is None:
        hint = "name two runs of select, interpolate, evolve, adapt or distill, or several of prove"
        raise InputError(f"{run} holds no map.parquet: it chose no rows of a pool", hint)
    settings = manifest_of(run).get("settings", {})
    return Finished(run, orjson.loads(summary.read_bytes()), pq.read_table(points), settings)


def _joined(a: Finished, b: Finished) -> pa.Table:
    """Return one line per row of either run, as ``reports.comparison.Both`` has it; the same id is the same row."""
    first, second = (_columns(run.points).rename(_suffixes(letter)) for run, letter in ((a, "a"), (b, "b")))
    both = first.join(second, on="id", how="full", coalesce=True, maintain_order="left_right")
    shared = [pl.coalesce(f"{name}_a", f"{name}_b").alias(name) for name in SHARED]
    ranks = [pl.col(f"rank_{letter}").fill_null(0).cast(pl.Int64) for letter in "ab"]
    places = [pl.col(f"{axis}_{letter}").cast(pl.Float64).fill_null(float("nan")) for letter in "ab" for axis in "xy"]
    return both.select("id", *shared, *ranks, *places).to_arrow()


def _suffixes(letter: str) -> dict[str, str]:
    return {name: f"{name}_{letter}" for name in (*SHARED, "rank", "x", "y")}


def _columns(points: pa.Table) -> pl.DataFrame:
    """Return what is compared; question and answer are the excerpt where a run of an older version has none."""
    table = pl.DataFrame(pl.from_arrow(points)).unique("id", keep="first", maintain_order=True)
    for name in ("question", "answer"):
        if name not in table.columns:
            table = table.with_columns(pl.lit(None, pl.String).alias(name))
    return table.select(
        "id", pl.coalesce("question", "text").alias("question"), "answer", "task", "source", "rank", "x", "y"
    )


def _told(a: Finished, b: Finished, table: pa.Table, command: str) -> RunPair:
    chosen = [table[f"rank_{letter}"].to_numpy() > 0 for letter in "ab"]
    same = int((chosen[0] & chosen[1]).sum())
    came, went = int(chosen[1].sum()) - same, int(chosen[0].sum()) - same
    return {
        "title": f"{a.path} and {b.path}",
        "sentence": f"B chose {came:,} rows that A did not, and left out {went:,} that A chose; {same:,} are in both.",
        "warnings": _warnings(a, b),
        "names": [str(a.path), str(b.path)],
        "counts": {"in both": same, "only in A": went, "only in B": came},
        "measures": [run.summary.get("measures") or [] for run in (a, b)],
        "tasks": _counts(table["task"], chosen),
        "sources": _counts(table["source"], chosen),
        "asked": _differences(a.settings, b.settings),
        "reproduce": [command],
        "versions": versions(),
    }


def _warnings(a: Finished, b: Finished) -> list[str]:
    ids = [set(run.points["id"].to_pylist()) for run in (a, b)]
    alone = [len(ids[0] - ids[1]), len(ids[1] - ids[0])]
    if not any(alone):
        return []
    if not ids[0] & ids[1]:
        return ["the runs share no row id: they are of different pools"]
    return [f"the runs are not of the same rows: {alone[0]:,} were read by A only, {alone[1]:,} by B only"]


def _counts(column: pa.ChunkedArray, chosen: Sequence[Bool]) -> list[LabelBar]:
    """Return rows chosen by A ("pool") and by B ("selection") of each label; nothing where there is only one."""
    labels = np.array([label or "(none)" for label in column.to_pylist()], dtype=object)
    a, b = (Counter(labels[mask].tolist()) for mask in chosen)
    return [{"label": label, "pool": a[label], "selection": b[label]} for label, _ in (a + b).most_common()]


def _differences(a: Mapping[str, object], b: Mapping[str, object]) -> list[list[str]]:
    names = [name for name in dict.fromkeys([*a, *b]) if name not in WHERE and a.get(name) != b.get(name)]
    return [[f"--{name.replace('_', '-')}", _said(a.get(name)), _said(b.get(name))] for name in names]


def _said(value: object) -> str:
    return "–" if value in (None, "", []) else ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _texts(table: pa.Table, rows: I64) -> list[Exchange]:
    taken = table.select(["question", "answer"]).take(pa.array(rows, pa.int64())).to_pylist()
    return [(row["question"] or "", row["answer"] or "") for row in taken]
