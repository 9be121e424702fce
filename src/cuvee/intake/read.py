"""Read: every input file becomes an Arrow file of samples, addressed by its bytes, so that a new file reads only itself."""

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, NotRequired, TypedDict

import orjson
import polars as pl
import pyarrow as pa
import pyarrow.ipc as ipc

from cuvee import disk
from cuvee.engines import ENGINES, Engine, Shard
from cuvee.errors import InputError
from cuvee.intake import watching
from cuvee.intake.joined import NOTE, joined
from cuvee.intake.sources import ReadAsk
from cuvee.intake.watching import watched
from cuvee.progress import BYTES, bar, say
from cuvee.runs import Cost, Run, Step, digest, measured
from cuvee.samples import containers, inputs
from cuvee.samples.raw import Identity
from cuvee.samples.read import Quarantined, read
from cuvee.samples.schema import SAMPLE
from cuvee.samples.table_reader import DamagedError

# What a core reads in a second of JSON that is not packed: 6 to 17 MB by file of the real pool (`cuvee inspect FILE` says the
# seconds); 3 MB of a packed file, whose bytes are more rows. It decides only where and in what order files are read.
SPEED = 10e6


class QuarantinedLine(TypedDict):
    """A row that could not be read: where it stands, why, and the row as it is."""

    file: str
    line: int
    reason: str
    raw: str


class FileInfo(TypedDict):
    """A file that was read. rows: lines or elements; samples: those that could be read, instances counted."""

    file: str
    bytes: int
    sha256: str
    rows: int
    samples: int
    quarantined: int
    dialects: dict[str, int]
    notes: NotRequired[dict[str, int]]


@dataclass(frozen=True)
class QuarantinedLines:
    """The rows that could not be read, which are never all in memory. count: how many stand in these files."""

    files: tuple[Path, ...]
    count: int

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[QuarantinedLine]:
        for path in self.files:
            with path.open("rb") as lines:
                yield from map(orjson.loads, lines)


@dataclass(frozen=True)
class Source:
    """What was read.

    table: the samples of all files in the order given, memory-mapped, ids unique. quarantined: file, line, reason, raw of
    every row that could not be read. files: per file its name, bytes, sha256, rows, samples, quarantined, dialects.
    """

    table: pa.Table
    quarantined: QuarantinedLines
    files: list[FileInfo]
    notes: Counter[str]
    fingerprint: str

    @property
    def total(self) -> int:
        """Rows that the ledger must account for: samples and quarantined rows."""
        return int(self.table.num_rows) + len(self.quarantined)


@dataclass(frozen=True)
class InputFile:
    """A file to be read: where it is, what is in it, and how it is read."""

    path: str
    identity: Identity
    ask: ReadAsk

    def depends(self) -> dict[str, object]:
        """Return what decides what is read."""
        ask = self.ask
        how = {"columns": ask.columns, "dialect": ask.dialect, "strict": ask.strict, "row_bytes": ask.row_bytes}
        how |= {"keep_special": ask.keep_special}
        return {"file": self.path, "identity": self.identity, **how}


def read_inputs(run: Run, ask: ReadAsk, *, engine: Engine = ENGINES["local"]) -> Source:
    """Read all inputs, each in a step of its own; a table that is damaged is put aside as a whole.

    Raises InputError for a path that is not there or holds nothing, and where nothing at all could be read.
    """
    paths = inputs.expand(ask.data)
    if not paths:
        raise InputError(
            f"no data files in {', '.join(ask.data)}", "name files, folders or globs of JSON, CSV, Parquet or Arrow"
        )
    start = time.perf_counter()
    steps = _steps(run, [InputFile(str(path), containers.identity(path), ask) for path in paths], engine)
    seconds = time.perf_counter() - start
    infos: list[FileInfo] = [orjson.loads((step.path / "info.json").read_bytes()) for step in steps]
    tables = [ipc.open_file(pa.memory_map(str(step.path / "samples.arrow"))).read_all() for step in steps]
    prints = [step.fingerprint for step in steps]
    brought = joined(run, pa.concat_tables(tables), prints)
    table = _unique_ids(brought.table)
    aside = (*(step.path / "quarantine.jsonl" for step in steps), *([brought.aside] if brought.aside else []))
    quarantined = QuarantinedLines(aside, sum(info["quarantined"] for info in infos) + brought.alone)
    if quarantined and not table.num_rows:
        raise InputError(next(iter(quarantined))["reason"], "name files that hold instruction data")
    notes: Counter[str] = Counter()
    for info in infos:
        notes.update(info.pop("notes", {}))
    notes.update({NOTE: brought.joins} if brought.joins else {})
    if not all(step.reused for step in steps):
        counts = f"{table.num_rows:,} samples of {len(paths)} files, {len(quarantined):,} rows quarantined"
        say(f"read      {counts}, in {seconds:.1f} s")
    return Source(table, quarantined, infos, notes, digest(prints))


def _steps(run: Run, files: list[InputFile], engine: Engine) -> list[Step]:
    """Return a step per file, in order. What is missing is read by the engine, and put in place here as soon as it is."""
    missing = [(file, folder) for file in files if (folder := run.missing("read", file.depends()))]
    shards = [Shard(file.path, (file, folder), file.identity["bytes"] / SPEED) for file, folder in missing]
    sizes = {folder: file.identity["bytes"] for file, folder in missing}
    total = sum(file.identity["bytes"] for file in files)
    with bar("reading", total, BYTES, done=total - sum(sizes.values())) as advance, watched(sizes, advance) as watch:

        def finished(number: int, cost: Cost) -> None:
            folder = missing[number][1]
            watch.finished(folder)
            run.put(folder, cost)

        engine.each(_read_afresh, shards, finished=finished)
    return [run.step("read", file.depends(), partial(_read_file, file)) for file in files]


def _read_afresh(given: tuple[InputFile, Path]) -> Cost:
    """Read a file into a folder, whatever an earlier try left there; return what that cost."""
    file, folder = given
    disk.remove_folder(folder)
    return measured(partial(_read_file, file), disk.folder(folder))


def _read_file(file: InputFile, folder: Path) -> None:
    ask = file.ask
    reading = read(
        file.path,
        columns=ask.columns or None,
        dialect=ask.dialect,
        strict=ask.strict,
        row_bytes=ask.row_bytes,
        keep_special=ask.keep_special,
    )
    samples = size = 0
    with (
        disk.create(folder / "samples.arrow") as out,
        ipc.new_file(out, SAMPLE) as sink,
        disk.create(folder / "quarantine.jsonl") as aside,
    ):
        reading.aside = partial(_put_aside, aside)
        try:
            for batch in reading.batches():
                sink.write_batch(batch)
                samples, size = samples + batch.num_rows, size + batch.column("raw").nbytes
                watching.note(folder, round(size / watching.packed(file.path)))
        except DamagedError as wrong:
            if ask.strict:
                raise
            reading.put_aside(wrong.message)
    watching.forget(folder)
    info = {
        "file": file.path,
        **file.identity,
        "rows": reading.rows,
        "samples": samples,
        "quarantined": reading.refused,
        "dialects": dict(reading.dialects),
        "notes": dict(reading.notes),
    }
    disk.write(folder / "info.json", orjson.dumps(info))


def _put_aside(file: BinaryIO, row: Quarantined) -> None:
    file.write(orjson.dumps(asdict(row), default=_text) + b"\n")


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    raise TypeError(type(value).__name__)


def write_quarantine(source: Source, path: Path) -> None:
    """Write every row that could not be read into one file, a line each."""
    with disk.create(path) as out:
        for part in source.quarantined.files:
            with part.open("rb") as lines:
                shutil.copyfileobj(lines, out)


def _unique_ids(table: pa.Table) -> pa.Table:
    """Return the table with every repeated id made unique by "~2", "~3", ... in row order.

    The first row of an id keeps it. A new name that some row had already is given one "~" more.
    """
    ids = pl.DataFrame({"id": pl.from_arrow(table["id"])})["id"]
    if ids.is_duplicated().any():
        given = ids.unique()
        nth = ids.to_frame().select(pl.int_range(1, pl.len() + 1).over("id")).to_series()
        names = ids.to_frame().select(pl.format("{}~{}", "id", nth)).to_series()
        while (taken := names.is_in(given.implode()) & (nth > 1)).any():
            names = (names + "~").zip_with(taken, names)
        unique = names.zip_with(nth > 1, ids)
        table = table.set_column(0, "id", unique.to_arrow().cast(pa.string()))
    return table
