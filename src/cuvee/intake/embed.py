"""Embed: one unit vector per standing row, remembered by content."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa

from cuvee import disk, render
from cuvee.arrays import F32, I64
from cuvee.embedders import Embedder, ReadsMessages
from cuvee.embedders.seam import checked
from cuvee.engines import Shard, chosen, divides, shards_of
from cuvee.models.catalog import home
from cuvee.progress import say
from cuvee.runs import Run, Step
from cuvee.store import SEGMENT_ROWS, Store, content_key

BATCH = 1_024
AT_MOST = 60  # seconds of work that a killed run loses


@dataclass(frozen=True)
class Embedded:
    """The vectors of a set of rows, and what made them. X: (n, d) float32 unit rows, memory-mapped."""

    step: Step
    X: F32
    computed: int  # how many were not in the store
    embedder: Embedder


def embed(run: Run, messages: pa.ChunkedArray, embedder: Embedder, depends: object) -> Embedded:
    """Embed an Arrow column of messages; depends: what stands for its content.

    An embedder that learns from the pool (``fitted``) is fitted here and its vectors belong to this pool only; all others
    go through the store, so that adding 100 rows to a pool embeds 100.
    """

    def make(folder: Path) -> None:
        out = folder / "vectors.npy"
        if isinstance(embedder, ReadsMessages):
            computed = _stored(embedder, *_of_messages(embedder, messages), out)
        else:
            texts = render.plain_column(messages)
            make_all = _fitted if embedder.fitted else _remembered
            computed = make_all(embedder, texts, out)
        disk.write(folder / "computed", str(computed).encode())

    version = embedder.name if embedder.fitted else embedder.version
    step = run.step("embed", {"rows": depends, "embedder": version}, make)
    computed = int((step.path / "computed").read_text())
    X: F32 = np.load(step.path / "vectors.npy", mmap_mode="r")
    if not step.reused:
        say(f"embedded  {computed:,} of {len(X):,} rows by {embedder.name} in {step.seconds:.1f} s")
    return Embedded(step, X, computed, embedder)


Compute = Callable[[I64], F32]  # row numbers -> their vectors


def _remembered(embedder: Embedder, texts: list[str], out: Path) -> int:
    def compute(rows: I64) -> F32:
        some = [texts[row] for row in rows]
        if not divides():
            return _encode(embedder, some)
        size = BATCH * max(1, -(-len(some) // (BATCH * shards_of(chosen()))))  # whole batches: the same bytes anywhere
        shards = [
            Shard("texts to embed", (embedder, some[start : start + size]), size / embedder.rate, start)
            for start in range(0, len(some), size)
        ]
        return np.concatenate(chosen().each(_encode_part, shards))

    return _stored(embedder, texts, compute, out)


def _encode_part(given: tuple[Embedder, list[str]]) -> F32:
    return _encode(*given)


def _of_messages(embedder: ReadsMessages, messages: pa.ChunkedArray) -> tuple[list[str], Compute]:
    """Return what each conversation is remembered by, and the function that makes their vectors."""
    talks = messages.to_pylist()
    texts = [orjson.dumps(talk).decode() for talk in talks]
    return texts, lambda rows: embedder.encode_messages([talks[row] for row in rows])


def _stored(embedder: Embedder, texts: list[str], compute: Compute, out: Path) -> int:
    keys = np.array([content_key(text) for text in texts], dtype="S16")
    column = f"{embedder.name}-{embedder.version}"
    segment = min(SEGMENT_ROWS, max(1, int(AT_MOST * embedder.rate)))
    vectors = Store(home() / "store").vectors(column, embedder.dim)

    def made(rows: I64) -> F32:
        return checked(compute(rows), (len(rows), embedder.dim), embedder.name)

    return vectors.fill(keys, made, out=out, label="embedding", segment=segment)


def _fitted(embedder: Embedder, texts: list[str], out: Path) -> int:
    embedder.fit(texts)
    target = disk.empty_array(out, (len(texts), embedder.dim))
    for start in range(0, len(texts), BATCH):
        part = texts[start : start + BATCH]
        target[start : start + BATCH] = checked(embedder.encode(part), (len(part), embedder.dim), embedder.name)
    return len(texts)


def _encode(embedder: Embedder, texts: Sequence[str]) -> F32:
    parts = [embedder.encode(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
    return np.concatenate(parts)
