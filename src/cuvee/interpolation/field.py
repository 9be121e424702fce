"""What is mixed: the pool as the model reads it, its tasks, and the vectors of its rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cuvee import disk
from cuvee.arrays import F32
from cuvee.errors import InputError
from cuvee.intake.before import Before, affordable
from cuvee.intake.ground import Ground, prepare
from cuvee.intake.readable import Readable, readable
from cuvee.interpolation.asked import InterpolateAsk
from cuvee.interpolation.blend import Blendable, tasks_for, vectors_of
from cuvee.models import causal
from cuvee.progress import say
from cuvee.runs import Run


@dataclass(frozen=True)
class MixField:
    """A clean pool of n rows that have an answer.

    rows: what is mixed; its vectors are memory-mapped, its tasks codes of ``names``. depends: what decides all of these.
    """

    ground: Ground
    rows: Blendable
    names: list[str]
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
    tasks, names = tasks_for(ground.pool, ask.blending, seed=ask.seed)
    X, space = _space(run, ask, read, depends)
    rows = Blendable(pool=ground.pool, X=X, tasks=tasks, rows=read.rows, base=ask.base)
    return MixField(ground, rows, names, read.notes, {**depends, "space": space})


def _space(run: Run, ask: InterpolateAsk, read: Readable, depends: Mapping[str, object]) -> tuple[F32, str]:
    """Return the vectors that are mixed, and what they depend on."""
    pool, space = read.ground.pool, ask.blending.space
    if space == "embedder":
        return vectors_of(space, pool, read.rows, ask.base), space

    def make(folder: Path) -> None:
        disk.save_array(folder / "vectors.npy", vectors_of(space, pool, read.rows, ask.base))

    step = run.step("space", depends, make)
    if not step.reused:
        say(f"read      {len(read.rows):,} rows in the model's embedding layer in {step.seconds:.1f} s")
    X: F32 = np.load(step.path / "vectors.npy", mmap_mode="r")
    return X, step.fingerprint
