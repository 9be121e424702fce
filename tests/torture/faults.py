"""Faults of a disk, at the n-th operation: what fails, and what a crash leaves of a page cache that forgets."""

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.torture.world import World

from cuvee.disk.seam import Operation

Key = tuple[str, str]  # kind and path of an operation, as they are in every run

WRITES = ("write", "copy")


def key_of(operation: Operation, root: Path) -> Key:
    """Return an operation's name: its path without the world's root, the process's number, and what is drawn."""
    path = os.path.relpath(operation.path, root).replace(str(os.getpid()), "PID")
    return operation.kind, ".../".join(path.split("/")[:2]) + ("J" if path.endswith((".journal", ".making")) else path)


@dataclass
class Fails:
    """Lets operations fail from the n-th on (1 = first), told from a base.

    how: "full" (ENOSPC, and it stays full), "broken" (EIO, once), "short" (half of the bytes are written, then it is full).
    """

    at: int
    how: str
    seen: int = 0
    hit: Operation | None = None

    def __call__(self, operation: Operation) -> int:
        self.seen += 1
        if self.seen < self.at:
            return operation.size
        if self.seen == self.at:
            self.hit = operation
            if self.how == "short" and operation.kind in WRITES and operation.size > 1:
                return operation.size // 2
        if self.how == "broken":
            if self.seen > self.at:
                return operation.size
            raise _error(errno.EIO, operation)
        if operation.kind in ("remove", "rename", "sync") and self.seen > self.at:
            return operation.size  # a full disk takes these
        raise _error(errno.ENOSPC, operation)


def _error(number: int, operation: Operation) -> OSError:
    """Return the error as the system gives it: one of an open file names no path."""
    named = [] if operation.kind in WRITES else [str(operation.path)]
    return OSError(number, os.strerror(number), *named)


@dataclass
class Crash:
    """What was on the disk, and what only in memory, before an operation.

    kept: a copy of the world as the process saw it. synced: path -> bytes that last. unnamed: changes of names that do not
    last yet, oldest first. wrote: the operation before, if it wrote.
    """

    kept: Path
    synced: dict[str, int]
    unnamed: list[tuple[str, str, str | None]]


@dataclass
class Cache:
    """Watches a run that goes well; keeps the world before every operation, and knows what lasts of it."""

    world: World
    place: Path
    operations: list[Operation] = field(default_factory=list)
    crashes: list[Crash] = field(default_factory=list)
    synced: dict[str, int] = field(default_factory=dict)
    unnamed: list[tuple[str, str, str | None]] = field(default_factory=list)
    pending: Operation | None = None

    def __call__(self, operation: Operation) -> int:
        self._done()
        kept = self.place / str(len(self.crashes))
        shutil.copytree(self.world.root, kept / "all", symlinks=True)
        self.crashes.append(Crash(kept / "all", dict(self.synced), list(self.unnamed)))
        self.operations.append(operation)
        self.pending = operation
        if operation.kind == "rename" and operation.path.exists():
            shutil.copy2(operation.path, kept / "replaced")
        return operation.size

    def _name(self, path: Path) -> str:
        return os.path.relpath(path, self.world.root)

    def _done(self) -> None:
        """Take in what the operation before did: it has happened by now."""
        if self.pending is None:
            return
        name, kind = self._name(self.pending.path), self.pending.kind
        if kind == "sync" and self.pending.path.is_dir():
            self.unnamed = [one for one in self.unnamed if str(Path(one[1]).parent) != name]
        elif kind == "sync" and self.pending.path.is_file():
            self.synced[name] = self.pending.path.stat().st_size
        elif kind in ("create", "folder"):
            self.unnamed.append(("new", name, None))
            if kind == "create":
                self.synced.pop(name, None)
        elif kind == "rename" and self.pending.source is not None:
            self._renamed(self._name(self.pending.source), name)

    def _renamed(self, source: str, target: str) -> None:
        replaced = self.place / str(len(self.crashes) - 1) / "replaced"
        moved = {
            (target + path[len(source) :] if path == source or path.startswith(source + "/") else path): size
            for path, size in self.synced.items()
        }
        self.synced = moved
        self.unnamed = [
            (kind, target + path[len(source) :] if path.startswith(source + "/") else path, other)
            for kind, path, other in self.unnamed
            if not (kind == "new" and path == source)
        ]
        self.unnamed.append((source, target, str(replaced) if replaced.exists() else None))


def torn(cache: Cache, at: int, root: Path) -> None:
    """Leave half of what the operation before was to write."""
    operation = cache.operations[at - 1]
    path = root / os.path.relpath(operation.path, cache.world.root)
    if not path.exists():  # a journal, which was given its name while it was open
        path = path.with_suffix(".journal")
    os.truncate(path, path.stat().st_size - (operation.size - operation.size // 2))


def data_lost(crash: Crash, root: Path) -> None:
    """Cut every file to what lasts of it: names were written back, bytes were not."""
    for path in [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]:
        size = crash.synced.get(os.path.relpath(path, root), 0)
        if path.stat().st_size > size:
            os.truncate(path, size)


def names_lost(crash: Crash, root: Path) -> None:
    """Undo every name that does not last, the newest first."""
    for kind, name, replaced in reversed(crash.unnamed):
        path = root / name
        if kind == "new":
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        elif path.exists():
            path.rename(root / kind)
            if replaced:
                shutil.copy2(replaced, path)


Loss = Callable[[Crash, Path], None]
LOSSES: dict[str, Loss] = {
    "killed": lambda crash, root: None,
    "bytes lost": data_lost,
    "names lost": names_lost,
}
