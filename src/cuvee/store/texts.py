"""Columns of texts (replies that cost money): each is in a file when it has been put, in a journal that becomes a segment."""

import fcntl
import os
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa

from cuvee import disk
from cuvee.disk.records import Records, line_of, records
from cuvee.progress import say
from cuvee.store import segments

TEXT = pa.schema([("key", pa.binary(16)), ("value", pa.large_string())])
LAST = 0.5  # seconds of replies that a power cut may take; a killed process loses none. Each fsync takes milliseconds.


class Texts:
    """A column of texts, one per key: what is put survives this process when ``put`` returns.

    A killed process leaves its journal; the next one reads what is whole in it and makes a segment of that.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = disk.lasting_folder(folder)
        self._journal: _Journal | None = None
        self._fresh: dict[bytes, str] = {}  # what stands in journals
        for path in sorted(folder.glob("*.journal")):
            if not path.name.startswith("."):
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
        tables = segments.opened(self.folder)
        self._keys: segments.Keys = segments.joined(tables)
        self._order = np.argsort(self._keys, kind="stable")
        self._values: pa.ChunkedArray = (
            pa.concat_tables(tables)["value"] if tables else pa.chunked_array([], TEXT.field("value").type)
        )


class _Journal:
    """The texts that one process is adding: a file of records."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"{uuid.uuid4().hex}.journal"
        making = self.path.with_suffix(".making")
        self.file = disk.create(making)
        self.lock = os.open(making, os.O_RDWR | os.O_CLOEXEC)
        fcntl.flock(self.lock, fcntl.LOCK_EX)  # so that another process can tell it from a dead one's
        disk.rename(making, self.path)
        self.keys: list[bytes] = []
        self.lasts = time.monotonic()  # what was written before lasts

    def write(self, key: bytes, text: str) -> None:
        with disk.named(self.path):
            self.file.write(line_of([key.hex(), text]))
            self.file.flush()
        if time.monotonic() - self.lasts > LAST:
            disk.settle(self.path)
            self.lasts = time.monotonic()
        self.keys.append(key)

    def close(self) -> list[bytes]:
        try:
            with disk.named(self.path):
                self.file.close()
            _as_segment(self.path)
        finally:
            os.close(self.lock)
        return self.keys


def _recover(path: Path) -> dict[bytes, str]:
    """Return what stands in the journal of a process that is at work; make a segment of a dead one's and return nothing."""
    try:
        with path.open("rb+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return dict(_texts(records(path)))
            _as_segment(path)
    except FileNotFoundError:  # its process has just closed it
        pass
    return {}


def _as_segment(journal: Path) -> None:
    found = records(journal)
    if rows := list(_texts(found)):
        keys, texts = zip(*rows, strict=True)
        columns = [pa.array(keys, pa.binary(16)), pa.array(texts, pa.large_string())]
        segments.write(journal.parent, pa.table(columns, schema=TEXT))
    if found.damaged:
        aside, lines = disk.set_aside(journal), ", ".join(map(str, found.damaged[:3]))
        say(f"damaged   {journal}, line {lines}: set aside as {aside.name}, what stood there is asked again")
    else:
        disk.remove(journal)


def _texts(found: Records) -> Iterator[tuple[bytes, str]]:
    for content in found.contents:
        match content:
            case [str(key), str(text)]:
                yield bytes.fromhex(key), text
