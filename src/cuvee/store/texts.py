"""Columns of texts (replies that cost money): each is on disk when it has been put, in a journal that becomes a segment."""

import fcntl
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.ipc as ipc

from cuvee.store import segments

TEXT = pa.schema([("key", pa.binary(16)), ("value", pa.large_string())])


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
        if len(self._journal.keys) == segments.SEGMENT_ROWS:
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
        tables = [segments.mapped(path) for path in sorted(self.folder.glob("*.arrow"))]
        self._keys: segments.Keys = np.concatenate(
            [np.empty(0, dtype="S16"), *(segments.keys_of(table) for table in tables)]
        )
        self._order = np.argsort(self._keys, kind="stable")
        self._values: pa.ChunkedArray = (
            pa.concat_tables(tables)["value"] if tables else pa.chunked_array([], TEXT.field("value").type)
        )


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
        segments.write(journal.parent, pa.Table.from_batches(batches).combine_chunks())
    journal.unlink()


def _whole(journal: Path) -> Iterator[pa.RecordBatch]:
    """Yield the batches of a stream up to where it breaks off."""
    with journal.open("rb") as file:
        try:
            stream = ipc.open_stream(file)
            while True:
                yield stream.read_next_batch()
        except (StopIteration, pa.ArrowInvalid, OSError):
            return
