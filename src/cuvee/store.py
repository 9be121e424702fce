"""What is remembered between runs: content-addressed columns of vectors, in append-only Arrow segments.

A value is found by the 128-bit hash of what it was computed from, inside a column whose name says by what (embedder, its
version). So a new row, a new budget or another method pays only the difference, and nothing depends on row order.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.ipc as ipc
import xxhash

from cuvee.arrays import F32, I64
from cuvee.progress import bar

Keys = npt.NDArray[np.bytes_]  # (n,) of dtype S16: fixed width, so trailing zero bytes do no harm

SEGMENT_ROWS = 16_384  # a killed run loses at most this many values


def content_key(text: str) -> bytes:
    """Return the 128-bit XXH3 hash of a text: 16 bytes."""
    return xxhash.xxh3_128_digest(text.encode("utf-8", "surrogatepass"))


class Store:
    """A folder of columns."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def fill(
        self,
        column: str,
        keys: Keys,
        compute: Callable[[I64], F32],
        *,
        dim: int,
        out: Path,
        label: str,
        segment: int | None = None,
    ) -> int:
        """Write the (n, dim) float32 values of ``keys`` to the .npy file ``out``; return how many had to be computed.

        keys: (n,) S16, may repeat. compute: row numbers -> (m, dim) float32, asked once per distinct key that is not
        stored yet, in batches of ``segment`` rows; each batch is on disk before the next one starts.
        """
        missing = self.missing(column, keys, dim=dim)
        size = segment or SEGMENT_ROWS
        with bar(label, len(missing)) as advance:
            for start in range(0, len(missing), size):
                rows = missing[start : start + size]
                self.add(column, keys[rows], compute(rows))
                advance(len(rows))
        target = np.lib.format.open_memmap(out, mode="w+", dtype=np.float32, shape=(len(keys), dim))
        _Segments(self._folder(column), dim).gather(keys, target)
        target.flush()
        return len(missing)

    def missing(self, column: str, keys: Keys, *, dim: int) -> I64:
        """Return the first row of every distinct key that is not stored, in row order."""
        distinct, first = np.unique(keys, return_index=True)
        stored = _Segments(self._folder(column), dim).keys
        return np.sort(first[~np.isin(distinct, stored)]).astype(np.int64)

    def add(self, column: str, keys: Keys, values: F32) -> None:
        """Store the (m, dim) values of m distinct keys: on disk, whole, when this returns."""
        _append(self._folder(column), keys, values)

    def read(self, column: str, keys: Keys, *, dim: int) -> F32:
        """Return the (n, dim) values of keys that are all stored."""
        values = np.empty((len(keys), dim), dtype=np.float32)
        _Segments(self._folder(column), dim).gather(keys, values)
        return values

    def _folder(self, column: str) -> Path:
        folder = self.root / column
        folder.mkdir(parents=True, exist_ok=True)
        return folder


class _Segments:
    """All segments of one column, memory-mapped."""

    def __init__(self, folder: Path, dim: int) -> None:
        self.dim = dim
        paths = sorted(folder.glob("*.arrow"))
        self.tables = [ipc.open_file(pa.memory_map(str(path))).read_all() for path in paths]
        parts = [_keys_of(table) for table in self.tables]
        self.keys: Keys = np.concatenate(parts) if parts else np.empty(0, dtype="S16")
        self.starts = np.cumsum([0, *(len(part) for part in parts)])

    def gather(self, wanted: Keys, target: F32) -> None:
        """Write the values of the wanted keys, in order, into ``target``, one segment after the other."""
        if len(wanted):
            order = np.argsort(self.keys, kind="stable")
            place = order[np.searchsorted(self.keys, wanted, sorter=order)]
            for number, table in enumerate(self.tables):
                here = np.flatnonzero((place >= self.starts[number]) & (place < self.starts[number + 1]))
                if len(here):
                    target[here] = _values_of(table, self.dim)[place[here] - self.starts[number]]


def _append(folder: Path, keys: Keys, values: F32) -> None:
    """Add one segment under a name that is made of its keys: two processes that do the same work write the same file."""
    packed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(keys), [None, pa.py_buffer(keys.tobytes())])
    flat = pa.array(np.ascontiguousarray(values, dtype=np.float32).ravel())
    table = pa.table({"key": packed, "value": pa.FixedSizeListArray.from_arrays(flat, values.shape[1])})
    target = folder / f"{xxhash.xxh3_128_hexdigest(keys.tobytes())}.arrow"
    temporary = target.with_suffix(f".tmp{os.getpid()}")
    with ipc.new_file(str(temporary), table.schema) as sink:
        sink.write_table(table)
    temporary.replace(target)


def _keys_of(table: Any) -> Keys:
    chunks = [np.frombuffer(c.buffers()[1], dtype="S16")[c.offset : c.offset + len(c)] for c in table["key"].chunks]
    return np.concatenate(chunks) if chunks else np.empty(0, dtype="S16")


def _values_of(table: Any, dim: int) -> F32:
    flat: F32 = table["value"].combine_chunks().values.to_numpy(zero_copy_only=False)
    return flat.reshape(-1, dim)
