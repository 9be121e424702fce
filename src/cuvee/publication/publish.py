"""Publish: the files at the top of a run folder, made in one step and put there one by one, each whole or not at all."""

from collections.abc import Mapping
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from cuvee.progress import say
from cuvee.publication.ledger import Outcome
from cuvee.reports import page
from cuvee.result import Summary
from cuvee.runs import Run, Step
from cuvee.samples.trainers import trainer_files
from cuvee.samples.write import write


def publish(
    run: Run,
    outcome: Outcome,
    mapped: Step,
    ledger: pa.Table,
    summary: Summary,
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
