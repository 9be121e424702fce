"""Segments: Arrow files of keys and values, written once and never changed."""

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.ipc as ipc
import xxhash

from cuvee.arrays import F32

Keys = npt.NDArray[np.bytes_]  # (n,) of dtype S16: fixed width, so trailing zero bytes do no harm

SEGMENT_ROWS = 16_384  # a killed run loses at most this many values


def mapped(path: Path) -> pa.Table:
    """Return a segment, memory-mapped."""
    return ipc.open_file(pa.memory_map(str(path))).read_all()


class Segments:
    """All segments of one column of vectors, memory-mapped."""

    def __init__(self, folder: Path, dim: int) -> None:
        self.dim = dim
        paths = sorted(folder.glob("*.arrow"))
        self.tables = [mapped(path) for path in paths]
        parts = [keys_of(table) for table in self.tables]
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


def append(folder: Path, keys: Keys, values: F32) -> None:
    """Add one segment under a name that is made of its keys: two processes that do the same work write the same file."""
    packed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(keys), [None, pa.py_buffer(keys.tobytes())])
    flat = pa.array(np.ascontiguousarray(values, dtype=np.float32).ravel())
    write(folder, pa.table({"key": packed, "value": pa.FixedSizeListArray.from_arrays(flat, values.shape[1])}))


def write(folder: Path, table: pa.Table) -> None:
    """Add a table of the columns ``key`` and ``value`` as one segment, whole or not at all."""
    target = folder / f"{xxhash.xxh3_128_hexdigest(keys_of(table).tobytes())}.arrow"
    temporary = target.with_suffix(f".tmp{os.getpid()}")
    with ipc.new_file(str(temporary), table.schema) as sink:
        sink.write_table(table)
    temporary.replace(target)


def keys_of(table: pa.Table) -> Keys:
    """Return the keys of a segment, in its order."""
    chunks = [np.frombuffer(c.buffers()[1], dtype="S16")[c.offset : c.offset + len(c)] for c in table["key"].chunks]
    return np.concatenate(chunks) if chunks else np.empty(0, dtype="S16")


def _values_of(table: pa.Table, dim: int) -> F32:
    flat: F32 = table["value"].combine_chunks().values.to_numpy(zero_copy_only=False)
    return flat.reshape(-1, dim)
