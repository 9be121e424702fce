"""What verbs ask of the rooms below them, with the verbs' own defaults: for tests that start in the middle of the house."""

from pathlib import Path

from cuvee.commands import Mistakes
from cuvee.intake.asked import CleanOptions, PoolAsk, PoolOptions, bind_pool
from cuvee.intake.sources import ReadAsk, ReadOptions


def read_ask(data: list[Path], *, strict: bool = False, columns: dict[str, str] | None = None) -> ReadAsk:
    return ReadAsk(data=[str(path) for path in data], columns=columns or {}, dialect=None, strict=strict)


def pool_ask(*data: Path, embedder: str = "lexical", seed: int = 0) -> PoolAsk:
    read = ReadOptions(data=list(data), columns="", dialect=None, strict=False)
    clean = CleanOptions(near=0.8, near_vectors="off", decontaminate=None, contamination=0.65, drop_truncated=False)
    wrong = Mistakes()
    ask = bind_pool(PoolOptions(read=read, clean=clean, embedder=embedder, seed=seed), wrong)
    wrong.stop()
    return ask
