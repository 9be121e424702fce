"""What a run that is divided among workers will cost, from rows that are read and measured now."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cuvee import render
from cuvee.cleaners.tokens import tokens
from cuvee.engines import chosen, shards_of
from cuvee.errors import InputError
from cuvee.samples.read import read

DIM = 384  # of vectors that nobody has made yet
OFFERED = 16_384  # rows that a driver of k-center holds at most, with their vectors
PER_ROW = 16  # bytes that a shard of k-center holds beside a vector: bound, length, centres seen
PROCESS = 250e6  # bytes of a worker before it has a row: the interpreter and its libraries


@dataclass(frozen=True)
class DividedCost:
    """shards: files, and parts of vectors. rate: rows a second of one worker, read, normalised and cut into words.

    worker, largest: bytes, without files that are mapped.
    """

    workers: int
    files: int
    parts: int
    rate: float
    hours: float
    worker: float
    largest: float

    def sentence(self) -> str:
        """Return it in words."""
        return (
            f"divide {self.files:,} files and {self.parts:,} parts of vectors among {self.workers:,} workers: "
            f"{self.rate:,.0f} rows a second of each (measured now), {self.hours:.2f} h to read and clean, "
            f"{self.worker / 1e6:,.0f} MB a worker; the driver holds {self.largest / 1e6:,.0f} MB at most, "
            "ids and verdicts of all rows"
        )


def cost(files: Sequence[Mapping[str, object]], rows: int) -> DividedCost:
    """Return what reading and cleaning of these files takes, by the first rows of the largest."""
    workers, parts = shards_of(chosen()) // 2, shards_of(chosen())
    sizes = sorted((int(str(file["rows"])) for file in files), reverse=True) or [0]
    rate = _rate(str(max(files, key=lambda file: int(str(file["rows"])))["file"])) if files else 1.0
    longest = max(sizes[0], math.ceil(rows / workers))  # a file is read by one worker
    return DividedCost(
        workers=workers,
        files=len(files),
        parts=parts,
        rate=rate,
        hours=longest / rate / 3600,
        worker=PROCESS + rows / parts * PER_ROW + OFFERED / parts * DIM * 4,
        largest=rows * 300 + OFFERED * DIM * 4,
    )


def _rate(file: str) -> float:
    """Return rows a second, measured on the first batch of a file."""
    start, count = time.perf_counter(), 0
    try:
        for batch in read(file).batches():
            tokens([render.plain(turns) for turns in batch.column("messages").to_pylist()])
            count = batch.num_rows
            break
    except InputError:  # what cannot be read is told when it is read
        return 1.0
    return max(1.0, count / (time.perf_counter() - start))
