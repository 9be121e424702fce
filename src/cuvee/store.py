"""What is remembered between runs: content-addressed columns of vectors and of texts, in append-only Arrow segments.

A value is found by the 128-bit hash of what it was computed from, inside a column whose name says by what (embedder, its
version; chat model). So a new row, a new budget or another method pays only the difference, and nothing depends on row
order. Vectors are written a segment at a time; texts (replies that cost money) one by one, in a journal that becomes a
segment when it is closed.
"""

import fcntl
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

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

    def texts(self, column: str) -> "Texts":
        """Open a column of texts for reading and adding; use it in a ``with`` block."""
        return Texts(self.root / column)


class Texts:
    """A column of texts, one per key: what is put is on disk when ``put`` returns.

    A killed process leaves its journal; the next one reads what is whole in it and makes a segment of that.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._journal: _Journal | None = None
        self._fresh: dict[bytes, str] = {}  # what stands in journals
        for path in sorted(folder.glob("*.journal")):
            self._fresh |= _recover(path)
        self._load()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, wrong: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def get(self, keys: Sequence[bytes]) -> list[str | None]:
        """Return the texts of these keys, in order; None where there is none."""
        found = [self._fresh.get(key) for key in keys]
        wanted = np.array(keys, dtype="S16")
        if not len(wanted) or not len(self._keys):
            return found
        at = np.minimum(np.searchsorted(self._keys, wanted, sorter=self._order), len(self._keys) - 1)
        place = self._order[at]
        for row in np.flatnonzero(self._keys[place] == wanted):
            found[row] = self._values[int(place[row])].as_py()
        return found

    def put(self, key: bytes, text: str) -> None:
        """Add one text. A key is put once; where two processes put it, either's text is returned."""
        text = text.encode("utf-8", "replace").decode()  # a lone surrogate, which JSON may spell, has no UTF-8
        self._journal = self._journal or _Journal(self.folder)
        self._journal.write(key, text)
        self._fresh[key] = text
        if len(self._journal.keys) == SEGMENT_ROWS:
            self.close()

    def close(self) -> None:
        """Turn the journal into a segment. The column can be used on."""
        if self._journal:
            written = self._journal.close()
            self._journal = None
            for key in written:
                self._fresh.pop(key, None)
            self._load()

    def _load(self) -> None:
        tables = [ipc.open_file(pa.memory_map(str(path))).read_all() for path in sorted(self.folder.glob("*.arrow"))]
        self._keys: Keys = np.concatenate([np.empty(0, dtype="S16"), *(_keys_of(table) for table in tables)])
        self._order = np.argsort(self._keys, kind="stable")
        self._values: Any = pa.concat_tables(tables)["value"] if tables else None


class _Journal:
    """The texts that one process is adding, in an Arrow stream that is whole after every text."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"{uuid.uuid4().hex}.journal"
        making = self.path.with_suffix(".making")
        self.file = making.open("wb", buffering=0)
        fcntl.flock(self.file, fcntl.LOCK_EX)  # so that another process can tell it from a dead one's
        self.stream = ipc.new_stream(self.file, TEXT)
        making.rename(self.path)
        self.keys: list[bytes] = []

    def write(self, key: bytes, text: str) -> None:
        row = [pa.array([key], pa.binary(16)), pa.array([text], pa.large_string())]
        self.stream.write_batch(pa.record_batch(row, schema=TEXT))
        self.keys.append(key)

    def close(self) -> list[bytes]:
        self.stream.close()
        _as_segment(self.path)
        self.file.close()
        return self.keys


TEXT = pa.schema([("key", pa.binary(16)), ("value", pa.large_string())])


def _recover(path: Path) -> dict[bytes, str]:
    """Return what stands in the journal of a process that is at work; make a segment of a dead one's and return nothing."""
    try:
        with path.open("rb+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return {row["key"]: row["value"] for batch in _whole(path) for row in batch.to_pylist()}
            _as_segment(path)
    except FileNotFoundError:  # its process has just closed it
        pass
    return {}


def _as_segment(journal: Path) -> None:
    batches = list(_whole(journal))
    if batches:
        _write(journal.parent, pa.Table.from_batches(batches).combine_chunks())
    journal.unlink()


def _whole(journal: Path) -> Iterator[Any]:
    """Yield the batches of a stream up to where it breaks off."""
    with journal.open("rb") as file:
        try:
            stream = ipc.open_stream(file)
            while True:
                yield stream.read_next_batch()
        except (StopIteration, pa.ArrowInvalid, OSError):
            return


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
    _write(folder, pa.table({"key": packed, "value": pa.FixedSizeListArray.from_arrays(flat, values.shape[1])}))


def _write(folder: Path, table: Any) -> None:
    target = folder / f"{xxhash.xxh3_128_hexdigest(_keys_of(table).tobytes())}.arrow"
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
