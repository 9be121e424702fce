"""How far the reading of large files is, while other processes do it: each notes its bytes, and a thread adds them up."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cuvee import disk
from cuvee.progress import Advance

NOTE = "bytes-read"  # the file in the folder of a reading that says how far it is
SECONDS = 0.5  # between two looks


def packed(path: str) -> int:
    """Return about how many bytes of text a byte of this file holds."""
    return 4 if Path(path).suffix in (".gz", ".zst", ".xz", ".bz2", ".parquet") else 1


def note(folder: Path, count: int) -> None:
    """Write down that so many bytes of a file have been read."""
    disk.write(folder / NOTE, str(count).encode())


def forget(folder: Path) -> None:
    """Remove what was noted: the reading is over."""
    (folder / NOTE).unlink(missing_ok=True)


class Watched:
    """The bytes of several readings. sizes: folder of a reading -> the bytes of its file."""

    def __init__(self, sizes: Mapping[Path, int], advance: Advance) -> None:
        self.sizes, self.advance = sizes, advance
        self.told = dict.fromkeys(sizes, 0)
        self.lock = threading.Lock()

    def finished(self, folder: Path) -> None:
        """Count a file as read."""
        self._tell(folder, self.sizes[folder])

    def look(self) -> None:
        """Count what the notes say; a file that is not packed is never counted beyond its bytes."""
        for folder, size in self.sizes.items():
            try:
                count = int((folder / NOTE).read_text() or 0)
            except (FileNotFoundError, ValueError):
                continue
            self._tell(folder, min(count, size))

    def _tell(self, folder: Path, count: int) -> None:
        with self.lock:
            more = count - self.told[folder]
            if more > 0:
                self.told[folder] = count
                self.advance(more)


@contextmanager
def watched(sizes: Mapping[Path, int], advance: Advance) -> Iterator[Watched]:
    """Look at the notes every half second while the block runs."""
    watch, over = Watched(sizes, advance), threading.Event()

    def look() -> None:
        while not over.wait(SECONDS):
            watch.look()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        over.set()
        thread.join()
