"""What the user said about a pool: which files, what falls, what rows are told apart by; as typed, then checked."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cuvee.commands import Mistakes, Paths, between, paths
from cuvee.errors import ConfigError, InputError
from cuvee.intake.clean import Rules
from cuvee.intake.near import near_threshold
from cuvee.intake.sources import ReadAsk, ReadOptions, bind_read
from cuvee.runs import output


@dataclass(frozen=True, kw_only=True)
class CleanOptions:
    """What falls, as typed; what a verb does not offer is off."""

    near: float
    near_vectors: str | float
    decontaminate: Paths
    contamination: float
    keep_empty: bool = False
    drop_truncated: bool


@dataclass(frozen=True, kw_only=True)
class PoolOptions:
    """A pool, as typed. given: run folders whose kept rows count as taken."""

    read: ReadOptions
    clean: CleanOptions
    embedder: str | None
    tokenizer: str | None = None
    given: Paths = None
    seed: int


@dataclass(frozen=True, kw_only=True)
class PoolAsk:
    """A checked pool. near_vectors: as ``intake.near`` reads it. decontaminate: files whose items no row may hold."""

    read: ReadAsk
    rules: Rules
    near_vectors: str
    decontaminate: list[str]
    given: list[Path]
    embedder: str | None
    tokenizer: str | None
    seed: int


def bind_pool(options: PoolOptions, wrong: Mistakes, *, guarded: list[str] | None = None) -> PoolAsk:
    """Check what can be checked without reading the data; what cannot be stands in ``wrong``.

    guarded: more files whose items no row may hold, such as a goal or the questions of a proof.
    """
    clean = options.clean
    wrong.check(partial(between, clean.near, "near", 0, 1))
    for path in paths(options.given):
        wrong.check(partial(earlier, path, "given"))
    wrong.check(lambda: near_threshold(str(clean.near_vectors), None, calibrated=0.0))
    return PoolAsk(
        read=bind_read(options.read, wrong),
        rules=Rules(clean.near, clean.contamination, clean.keep_empty, clean.drop_truncated),
        near_vectors=str(clean.near_vectors),
        decontaminate=[*paths(clean.decontaminate), *(guarded or [])],
        given=[Path(path) for path in paths(options.given)],
        embedder=options.embedder,
        tokenizer=options.tokenizer,
        seed=options.seed,
    )


def earlier(path: str | Path, option: str) -> Path:
    """Return the folder of an earlier run. Raises ConfigError where it holds no ledger of kept rows."""
    try:
        found = output(Path(path), "ledger.parquet")
    except InputError as wrong:
        raise ConfigError(f"--{option} {path}: {wrong.message}", wrong.hint) from None
    if found is None:
        there = "holds no ledger.parquet" if Path(path).is_dir() else "is no folder"
        raise ConfigError(f"--{option} {path} {there}", "name the folder that `cuvee select --out` made")
    return Path(path)
