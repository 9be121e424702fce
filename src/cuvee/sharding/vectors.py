"""Vectors in shards: a file of rows, in parts of about equal size."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from cuvee import disk
from cuvee.arrays import F32
from cuvee.engines import Shard

LOOKED_AT = (
    2e6  # rows x choices that a core looks at in a second, about: what decides whether it pays to start processes
)


@dataclass(frozen=True)
class VectorPart:
    """Rows ``start`` to ``stop`` of a file of vectors, (n, d) float32; the first of them is row ``number`` of all."""

    path: Path
    start: int
    stop: int
    number: int

    def read(self) -> F32:
        """Return the vectors, memory-mapped."""
        X: F32 = np.load(self.path, mmap_mode="r")[self.start : self.stop]
        return X


def parts(files: Sequence[Path], count: int, *, k: int = 1) -> list[Shard[VectorPart]]:
    """Return at least ``count`` shards, or a shard a row where there are fewer, of one or more files, in order.

    k: how many rows will be chosen, for the time that they are said to take.
    """
    sizes = [len(np.load(path, mmap_mode="r")) for path in files]
    most = max(1, -(-sum(sizes) // count))
    found: list[Shard[VectorPart]] = []
    number = 0
    for path, size in zip(files, sizes, strict=True):
        cuts = np.linspace(0, size, -(-size // most) + 1).astype(int).tolist()
        for start, stop in pairwise(cuts):
            part = VectorPart(path, start, stop, number + start)
            found.append(Shard(str(path), part, (stop - start) * k / LOOKED_AT, start))
        number += size
    return found


@contextmanager
def in_file(X: F32) -> Iterator[Path]:
    """Yield a file that holds X: its own where it is a whole mapped one, else one that is there until the block ends.

    The processes that read it must see it: on several machines, temporary files (TMPDIR) belong on a disk that they share.
    """
    own = getattr(X, "filename", None)
    if own is not None and isinstance(X, np.memmap) and X.shape == np.load(own, mmap_mode="r").shape:
        yield Path(own)
        return
    with tempfile.TemporaryDirectory(prefix="cuvee-") as folder:
        path = Path(folder) / "vectors.npy"
        disk.save_array(path, np.asarray(X, dtype=np.float32))
        yield path
