"""Score: one nullable column per score that was asked for, made only where it is missing."""

from dataclasses import dataclass
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.feather as feather

from cuvee import disk
from cuvee.arrays import F32
from cuvee.intake.ground import Ground
from cuvee.models import causal
from cuvee.models.catalog import home
from cuvee.progress import say
from cuvee.runs import Run, Step, digest
from cuvee.samples.pool import Pool
from cuvee.scorers import Scorer, find
from cuvee.scorers.judge import Judge
from cuvee.scorers.language import Reader
from cuvee.scorers.seam import checked
from cuvee.store import Store


@dataclass(frozen=True)
class ScoreModel:
    """What scores by a language model are made with. model: as ``--model`` names it; max_length: tokens read of a row."""

    model: str | None = None
    max_length: int | None = None

    def reader(self) -> Reader:
        """Load the model. Raises ConfigError where it is missing."""
        return Reader(causal.load(self.model or causal.DEFAULT), Store(home() / "store"), self.max_length)

    def version(self) -> list[object]:
        """Return what stands for the model, without loading it."""
        return [causal.version_of(causal.folder_of(self.model or causal.DEFAULT)), self.max_length]


def score(
    run: Run, ground: Ground, wanted: list[str], asked: ScoreModel, judge: Judge | None = None
) -> tuple[Pool, Step]:
    """Return the ground's pool with the scores of these names, and the step that made them.

    A judge's replies are input, not result: they are read first, and the step depends on what they say. So a row that
    got no reply is asked about again by the next call, and replies in the store cost nothing.
    """
    pool = ground.pool
    scorers = [find(name) for name in wanted]
    by_model = any(scorer.needs_model for scorer in scorers)
    said = {scorer.name: scorer.function(pool, judge=judge) for scorer in scorers if scorer.asks}

    def make(folder: Path) -> None:
        reader = asked.reader() if by_model else None
        columns = {scorer.name: _column(scorer, pool, reader, said) for scorer in scorers}
        feather.write_feather(pa.table(columns), folder / "scores.arrow", compression="uncompressed")
        cut = reader.truncated(pool) if reader else 0
        if reader and cut:
            say(f"scored    {cut:,} of {len(pool):,} rows were cut to {reader.longest:,} tokens")
        shares = {scorer.name: cut / max(len(pool), 1) for scorer in scorers if scorer.needs_model}
        disk.write(folder / "cut.json", orjson.dumps(shares))
        _say_unfit(scorers, columns)

    model = {"model": asked.version()} if by_model else {}
    step = run.step("score", {"rows": ground.fingerprint, "scores": wanted, "said": digest(said), **model}, make)
    table = feather.read_table(step.path / "scores.arrow", memory_map=True)
    return pool.with_scores(**{name: table[name].to_numpy() for name in table.column_names}), step


def cut_shares(step: Step) -> dict[str, float]:
    """Return score -> share of rows that were truncated, for the scores by a language model of a step of ``score``."""
    shares: dict[str, float] = orjson.loads((step.path / "cut.json").read_bytes())
    return shares


def _column(scorer: Scorer, pool: Pool, reader: Reader | None, said: dict[str, F32]) -> F32:
    own = {"reader": reader} if scorer.needs_model else {}
    found = said[scorer.name] if scorer.asks else scorer.function(pool, **own)
    return checked(found, len(pool), scorer.name)


def _say_unfit(scorers: list[Scorer], columns: dict[str, F32]) -> None:
    for scorer in scorers:
        unfit = 0 if scorer.most is None else int((columns[scorer.name] > scorer.most).sum())
        if unfit:
            say(f"scored    {unfit:,} rows are misaligned: {scorer.name} above {scorer.most:g}; `top` leaves them out")
