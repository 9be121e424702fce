"""``--dry-run``: what a command would do, and what it would cost, without doing it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cuvee import embedders
from cuvee.intake.asked import PoolAsk
from cuvee.intake.watching import packed
from cuvee.result import Result
from cuvee.samples import archives, containers, inputs
from cuvee.samples.questions import evaluation_items

SAMPLE_ROWS = 200
CLEANED = 1_500  # rows a second that reading, cleaning and measuring take together on two cores


@dataclass(frozen=True)
class Expected:
    """A pool before it is read. files: name, bytes and about how many rows of each. size: bytes of text in all."""

    files: list[dict[str, object]]
    rows: int
    size: int
    seconds: float
    embedder: str
    notes: list[str]

    @property
    def tokens(self) -> int:
        """About the tokens of the pool."""
        return self.size // 4

    def length(self, longest: int) -> float:
        """Return about the tokens of a row of which no more than ``longest`` are read."""
        return float(min(longest, self.size / 4 / max(1, self.rows)))

    def result(self, out: Path, steps: Sequence[str], *, seconds: float | None = None, **more: object) -> Result:
        """Return the plan as a verb's result. seconds: None where the time is not known. more: tokens, judge."""
        told: dict[str, object] = {"files": self.files, "rows": self.rows, "steps": list(steps), "notes": self.notes}
        if seconds is not None:
            told["seconds"] = round(seconds)
        return Result(out, {"plan": told | more})


def expect(ask: PoolAsk) -> Expected:
    """Return what a pool holds, estimated from the first rows of each file, and how long it takes to read and embed it."""
    evaluation_items(ask.decontaminate)  # one that is not there, or asks nothing, fails here too
    read = foreseen(ask.read.data)
    embedder, why = embedders.resolve(ask.embedder)
    return replace(read, seconds=read.seconds + read.rows / embedder.rate, embedder=embedder.name, notes=why)


def foreseen(data: Sequence[str]) -> Expected:
    """Return what files hold, estimated from the first rows of each, and how long it takes to read and clean them."""
    files: list[dict[str, object]] = []
    rows = text = 0
    for path in map(str, inputs.expand(data)):
        local = archives.local(path)
        size = local.stat().st_size if local.is_file() else 0
        found = _estimate(path, size)
        files.append({"file": path, "bytes": size, "rows": found})
        rows, text = rows + found, text + packed(path) * size
    return Expected(files, rows, text, rows / CLEANED, "", [])


def _estimate(path: str, size: int) -> int:
    """Return about how many rows a file holds, from the mean size of its first ones; exact when it has fewer."""
    lengths = []
    for raw in containers.rows(path):
        lengths.append(len(raw.raw) + 1)
        if len(lengths) == SAMPLE_ROWS:
            return round(packed(path) * size * SAMPLE_ROWS / sum(lengths))
    return len(lengths)
