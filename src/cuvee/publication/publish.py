"""Publish: the files at the top of a run folder, made in one step and put there one by one, each whole or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from cuvee import disk
from cuvee.intake.read import write_quarantine
from cuvee.progress import say
from cuvee.publication.asked import Publishing
from cuvee.publication.browsed import reader, with_ledger, with_texts
from cuvee.publication.ledger import Outcome
from cuvee.reports import page
from cuvee.reports.frame import costs_of
from cuvee.result import Summary
from cuvee.runs import Run, Step
from cuvee.samples.trainers import trainer_files
from cuvee.samples.trainers_others import other_trainer_files
from cuvee.samples.write import write


@dataclass(frozen=True)
class Top:
    """What stands at the top of a run folder, before it is written. tables: file name -> table, more Parquet files."""

    outcome: Outcome
    mapped: Step
    ledger: pa.Table
    summary: Summary
    tables: Mapping[str, pa.Table]


def publish(run: Run, top: Top, how: Publishing, depends: object) -> list[Path]:
    """Write and publish everything at the top of the run folder; return the paths, the training set first."""
    data_file = f"selected.{how.file}"

    def make(folder: Path) -> None:
        _training_set(top.outcome, folder, data_file, how)
        disk.save_table(folder / "ledger.parquet", top.ledger)
        samples = top.outcome.source.table
        points = with_texts(pq.read_table(top.mapped.path / "map.parquet"), samples)
        disk.save_table(folder / "map.parquet", points)
        if top.outcome.source.quarantined:
            write_quarantine(top.outcome.source, folder / "quarantine.jsonl")
        for name, more in top.tables.items():
            disk.save_table(folder / name, more)
        disk.write(folder / "summary.json", orjson.dumps(top.summary, option=orjson.OPT_INDENT_2))
        read = reader(points, samples)
        page.write(
            top.summary, with_ledger(points, top.ledger), folder / "report.html", read=read, costs=costs_of(run.steps)
        )

    step = run.step("publish", {"of": depends, "format": how.format, "file": how.file, "summary": top.summary}, make)
    if not step.reused:
        say(f"published in {step.seconds:.1f} s")
    return run.publish(step, sorted(step.files, key=lambda name: name != data_file))


def _training_set(outcome: Outcome, folder: Path, data_file: str, how: Publishing) -> None:
    """Write the chosen rows, and beside them what trainers need to read them."""
    write(outcome.source.table, outcome.chosen, folder / data_file, format=how.format, file=how.file)
    dialects = sorted(set(outcome.source.table["dialect"].take(pa.array(outcome.chosen)).to_pylist()))
    trainer_files(folder, data_file=data_file, format=how.format, dialects=dialects)
    other_trainer_files(folder, data_file=data_file, format=how.format, dialects=dialects)
