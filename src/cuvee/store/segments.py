"""Segments: Arrow files of keys and values, written once and never changed, each with its checksum at its end."""

import contextlib
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.ipc as ipc
import xxhash

from cuvee import disk
from cuvee.arrays import F32
from cuvee.disk.sums import sum_of
from cuvee.progress import say

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

Keys = npt.NDArray[np.bytes_]  # (n,) of dtype S16: fixed width, so trailing zero bytes do no harm

SEGMENT_ROWS = 16_384  # a killed run loses at most this many values
SUFFIX = ".arrow"
_MARK = b"XXH3SUM "  # what stands before the checksum of all before it, at the end of the file
_TAIL = len(_MARK) + 16
_UNSUMMED = b"ARROW1"  # the end of a segment that an older version wrote
_RIGHT: set[tuple[str, int, int, int]] = set()  # path, inode, bytes, time of those that this process found right


def opened(folder: Path) -> list[pa.Table]:
    """Return the segments of a column, memory-mapped. Each is verified once per process, and when it was written since.

    A damaged one is told, set aside and left out: what it held counts as not stored, and is made again.
    """
    paths = sorted(path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith("."))
    return [table for path in paths if (table := _opened(path)) is not None]


def _opened(path: Path) -> pa.Table | None:
    try:
        facts = path.stat()
        key = (str(path), facts.st_ino, facts.st_size, facts.st_mtime_ns)
        if key not in _RIGHT:
            tail = _tail(path, facts.st_size)
            if tail.endswith(_UNSUMMED):
                return _summed(path, facts.st_size)
            if tail != _MARK + sum_of(path, max(0, facts.st_size - _TAIL)).sum.encode():
                aside = disk.set_aside(path)
                say(f"damaged   {path} is not as it was written: set aside as {aside.name}, what it held is made again")
                return None
            _RIGHT.add(key)
        return _mapped(path, facts.st_size - _TAIL)
    except FileNotFoundError:  # another process has just set it aside
        return None


def _tail(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, size - _TAIL))
        return file.read()


def _mapped(path: Path, size: int) -> pa.Table:
    return ipc.open_file(pa.BufferReader(pa.memory_map(str(path)).read_buffer(size))).read_all()


def _summed(path: Path, size: int) -> pa.Table:
    """Return a segment without a checksum, and give it one where that can be written."""
    table = _mapped(path, size)
    table.validate(full=True)
    with contextlib.suppress(OSError):
        write(path.parent, table)
    return table


class Segments:
    """All segments of one column of vectors, memory-mapped."""

    def __init__(self, folder: Path, dim: int) -> None:
        self.dim = dim
        self.tables = opened(folder)
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
    """Add a table of the columns ``key`` and ``value`` as one segment, whole or not at all; it lasts when this returns."""
    target = folder / f"{xxhash.xxh3_128_hexdigest(keys_of(table).tobytes())}{SUFFIX}"
    temporary = target.with_suffix(f".tmp{os.getpid()}")
    try:
        with disk.create(temporary) as file:
            summed = _Summed(file)
            with ipc.new_file(summed, table.schema) as sink:
                sink.write_table(table)
            file.write(_MARK + summed.state.hexdigest().encode())
        disk.put(temporary, target)
    except OSError:
        disk.remove(temporary)
        raise


class _Summed(io.RawIOBase):
    """Hands on what is written, and sums it up."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.state, self.size = file, xxhash.xxh3_64(), 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.size

    def write(self, data: "ReadableBuffer") -> int:
        part = memoryview(data).cast("B")
        self.state.update(part)
        self.file.write(part)
        self.size += len(part)
        return len(part)


def keys_of(table: pa.Table) -> Keys:
    """Return the keys of a segment, in its order."""
    chunks = [np.frombuffer(c.buffers()[1], dtype="S16")[c.offset : c.offset + len(c)] for c in table["key"].chunks]
    return np.concatenate(chunks) if chunks else np.empty(0, dtype="S16")


def joined(tables: Sequence[pa.Table]) -> Keys:
    """Return the keys of several segments, one after the other."""
    return np.concatenate([np.empty(0, dtype="S16"), *(keys_of(table) for table in tables)])


def _values_of(table: pa.Table, dim: int) -> F32:
    flat: F32 = table["value"].combine_chunks().values.to_numpy(zero_copy_only=False)
    return flat.reshape(-1, dim)
