"""Mutated inputs: no traceback, no crash, nothing over 30 seconds, every row accounted for, and what is read can be written.

python -m bench.mutations [--files 20000] [--seed 0] [--first 0]     prints what failed by its number N; once more with
--files 1 --first N
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from types import FrameType

import numpy as np
import pyarrow as pa

from bench.mutants import Mutant, Nursery
from cuvee.errors import CuveeError
from cuvee.samples.formats import FORMATS
from cuvee.samples.read import Reading, read
from cuvee.samples.schema import SAMPLE
from cuvee.samples.trainers import trainer_files
from cuvee.samples.write import FILES, write

CHUNK = 500  # files of one process: one that crashes costs no more than these
SECONDS = 30


def stop(number: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"more than {SECONDS} s")


def tried(mutant: Mutant, folder: Path, rng: np.random.Generator) -> str:
    """Return what became of a mutant: read, refused; raises where it should not."""
    path = folder / mutant.name
    path.write_bytes(mutant.data)
    reading = read(path)
    try:
        table = pa.Table.from_batches(reading.batches(), SAMPLE)
    except CuveeError as wrong:
        assert wrong.message and "\n" not in wrong.message, wrong.message
        return "refused"
    accounted(reading, table)
    if not table.num_rows:
        return "empty"
    written(table, folder, rng)
    return "read, some rows quarantined" if reading.refused else "read"


def accounted(reading: Reading, table: pa.Table) -> None:
    assert len(reading.quarantined) == reading.refused
    split = reading.dialects["self-instruct"]
    good = reading.rows - reading.refused
    assert good <= table.num_rows <= good + split, (good, table.num_rows, split)
    assert sum(reading.dialects.values()) == table.num_rows
    assert all(row.reason and len(row.reason) < 600 for row in reading.quarantined)


def written(table: pa.Table, folder: Path, rng: np.random.Generator) -> None:
    """Write all rows in one of the formats, and read them again."""
    format, file = str(rng.choice(sorted(FORMATS))), str(rng.choice(FILES))
    out = folder / "out"
    out.mkdir()
    try:
        path = write(
            table, np.arange(table.num_rows, dtype=np.int64), out / f"selected.{file}", format=format, file=file
        )
    except CuveeError:
        return  # a format that cannot hold some rows says so
    dialects = sorted(set(table["dialect"].to_pylist()))
    trainer_files(out, data_file=path.name, format=format, dialects=dialects)
    again = read(path)
    count = sum(batch.num_rows for batch in again.batches())
    if (
        format != "same"
    ):  # there a row of several instances is written once an instance, and JSON text may stand in columns
        assert (count, again.refused) == (table.num_rows, 0), (
            format,
            file,
            count,
            table.num_rows,
            again.quarantined[:1],
        )


def run(seed: int, first: int, count: int) -> int:
    """Try these mutants; return how many failed."""
    nursery, outcomes, failed = Nursery(seed), Counter[str](), 0
    signal.signal(signal.SIGALRM, stop)
    slowest = (0.0, -1)
    for number in range(first, first + count):
        mutant = nursery.mutant(number)
        begin = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            signal.alarm(SECONDS)
            try:
                outcomes[tried(mutant, Path(folder), np.random.default_rng([seed, number, 1]))] += 1
            except Exception:  # noqa: BLE001 (whatever it is, it is what is looked for)
                failed += 1
                print(f"FAILED seed {seed} number {number} {mutant.name}\n{traceback.format_exc()}", flush=True)
            finally:
                signal.alarm(0)
        slowest = max(slowest, (time.perf_counter() - begin, number))
    print(
        f"{first}..{first + count - 1}: {dict(outcomes)}, {failed} failed, slowest {slowest[0]:.2f} s ({slowest[1]})",
        flush=True,
    )
    return failed


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, default in (("files", 20_000), ("seed", 0), ("first", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    if asked.files <= CHUNK:
        sys.exit(min(100, run(asked.seed, asked.first, asked.files)))
    bad, crashed = 0, 0
    for first in range(asked.first, asked.first + asked.files, CHUNK):
        count = min(CHUNK, asked.first + asked.files - first)
        command = [sys.executable, "-m", "bench.mutations", "--seed", asked.seed, "--first", first, "--files", count]
        code = subprocess.run([str(word) for word in command], check=False).returncode
        bad, crashed = bad + max(code, 0), crashed + (code < 0)
    print(f"{asked.files:,} mutated files, seed {asked.seed}: {bad} failed, {crashed} of the processes crashed")
    sys.exit(bool(bad or crashed))


if __name__ == "__main__":
    main()
