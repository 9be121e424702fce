"""What is mixed: the pool as the model reads it, its tasks, and the vectors of its rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cuvee.arrays import F32, I64
from cuvee.errors import InputError
from cuvee.intake.before import Before, affordable
from cuvee.intake.ground import Ground, prepare
from cuvee.intake.readable import Readable, readable
from cuvee.interpolation.asked import InterpolateAsk
from cuvee.interpolation.blend import tasks_of, vectors_of
from cuvee.models import causal
from cuvee.progress import say
from cuvee.runs import Run


@dataclass(frozen=True)
class MixField:
    """A clean pool of n rows that have an answer.

    X: (n, d) vectors that are mixed, memory-mapped. tasks: (n,) codes of ``names``. lengths: (n,) tokens. depends: what
    decides all of these.
    """

    ground: Ground
    X: F32
    tasks: I64
    names: list[str]
    lengths: I64
    notes: list[str]
    depends: Mapping[str, object]


def mix_field(run: Run, ask: InterpolateAsk) -> MixField:
    """Read, clean, embed and render; rows without an answer that counts leave, with the reason in the ledger."""
    tokenizer, longest = causal.tokenizer_of(ask.base), ask.max_length
    before = Before(ask.publishing.holds, affordable(ask.budget))
    read = readable(prepare(run, ask.pool, before), tokenizer, longest, stage="interpolate")
    if len(read.rows) < 2:
        raise InputError(
            f"{len(read.rows)} rows have an answer within {longest} tokens", "raise --max-length, or give more"
        )
    ground = read.ground
    depends = {"ground": ground.fingerprint, "base": causal.version_of(ask.base), "longest": longest}
    tasks, names = _tasks(ground, ask)
    X, space = _space(run, ask, read, depends)
    lengths = np.array([len(row) for row in read.rows], dtype=np.int64)
    return MixField(ground, X, tasks, names, lengths, read.notes, {**depends, "space": space})


def _tasks(ground: Ground, ask: InterpolateAsk) -> tuple[I64, list[str]]:
    """Return the tasks; a pool of one task is of use only where no blends are asked for."""
    mixing = ask.blending.mixing
    if not mixing.drawn(len(ground.pool)):
        return ground.pool.labels("task")
    return tasks_of(ground.pool, ask.blending.tasks, clusters=mixing.clusters, seed=ask.seed)


def _space(run: Run, ask: InterpolateAsk, read: Readable, depends: Mapping[str, object]) -> tuple[F32, str]:
    """Return the vectors that are mixed, and what they depend on."""
    pool, space = read.ground.pool, ask.blending.space
    if space == "embedder":
        return vectors_of(space, pool, read.rows, ask.base), space

    def make(folder: Path) -> None:
        np.save(folder / "vectors.npy", vectors_of(space, pool, read.rows, ask.base))

    step = run.step("space", depends, make)
    if not step.reused:
        say(f"read      {len(read.rows):,} rows in the model's embedding layer in {step.seconds:.1f} s")
    X: F32 = np.load(step.path / "vectors.npy", mmap_mode="r")
    return X, step.fingerprint
