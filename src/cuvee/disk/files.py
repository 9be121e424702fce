"""Files and folders: written, made to last, named, copied, set aside, removed."""

import errno
import io
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cuvee.disk.seam import Operation, tell

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

BUFFER = 1 << 20
BLOCK = 1 << 26  # bytes of a copy that the system does in one go
AT_ONCE = (
    16  # files that are made to last side by side: they share the file system's commits, which are what takes time
)
DAMAGED = ".damaged-"  # begins the name of what was found damaged


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Give an OSError that names no file this one."""
    try:
        yield
    except OSError as wrong:
        if wrong.filename is None and wrong.errno is not None:
            wrong.filename = str(path)
        raise


class _Sink(io.RawIOBase):
    """An open file to write to."""

    def __init__(self, path: Path, flags: int) -> None:
        self.path = path
        tell(Operation("create", path))
        self._descriptor = os.open(path, flags | os.O_CREAT | os.O_CLOEXEC, 0o666)

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return os.lseek(self._descriptor, offset, whence)

    def write(self, data: "ReadableBuffer") -> int:
        part = memoryview(data).cast("B")
        with named(self.path):
            return os.write(self._descriptor, part[: tell(Operation("write", self.path, len(part)))])

    def close(self) -> None:
        if not self.closed:
            super().close()
            os.close(self._descriptor)


def create(path: Path) -> BinaryIO:
    """Open a file to be written afresh."""
    return io.BufferedWriter(_Sink(path, os.O_WRONLY | os.O_TRUNC), BUFFER)


def write(path: Path, data: bytes) -> None:
    """Write a file afresh."""
    with create(path) as file:
        file.write(data)


def add(path: Path, data: bytes) -> None:
    """Append to a file; what was added lasts when this returns."""
    with io.BufferedWriter(_Sink(path, os.O_WRONLY | os.O_APPEND), max(BUFFER, len(data))) as file:
        file.write(data)
    settle(path)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all; it lasts when this returns."""
    temporary = path.with_name(f".{path.name[:200]}.new")
    try:
        write(temporary, data)
        put(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def settle(path: Path) -> None:
    """Make what is in a file, or in a folder and all below it, last: it is on the disk when this returns."""
    inside = [path, *path.rglob("*")] if path.is_dir() else [path]
    files = sorted(one for one in inside if one.is_file())
    for one in files:
        tell(Operation("sync", one))
    if len(files) > 1:
        with ThreadPoolExecutor(min(AT_ONCE, len(files))) as side_by_side:
            list(side_by_side.map(_sync, files))
    elif files:
        _sync(files[0])
    for one in sorted((one for one in inside if one.is_dir()), reverse=True):
        _settle_names(one)


def _settle_names(folder: Path) -> None:
    """Make the names in a folder last."""
    tell(Operation("sync", folder))
    try:
        _sync(folder)
    except OSError as wrong:
        if wrong.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems do so by themselves
            raise


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with named(path):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def rename(source: Path, target: Path) -> Path:
    """Give a file or folder another name; return that. It lasts once the folder that holds it is settled."""
    tell(Operation("rename", target, source=source))
    return source.replace(target)


def put(made: Path, target: Path) -> Path:
    """Give what was made its name, once all of it lasts; the name lasts when this returns."""
    settle(made)
    rename(made, target)
    _settle_names(target.parent)
    return target


def set_aside(path: Path) -> Path:
    """Give what was found damaged a name that nobody looks for, beside its own; return that."""
    aside = path.with_name(f"{DAMAGED}{path.name[:200]}")
    number = 1
    while os.path.lexists(aside):
        number += 1
        aside = path.with_name(f"{DAMAGED}{path.name[:200]}-{number}")
    return rename(path, aside)


def copy(source: Path, target: Path) -> None:
    """Copy a file; where the file system can (Btrfs, XFS) the two share their blocks until one of them is changed."""
    tell(Operation("create", target))
    with source.open("rb") as given, target.open("wb") as taken, named(target):
        size, done = os.fstat(given.fileno()).st_size, 0
        while done < size:
            step = tell(Operation("copy", target, min(BLOCK, size - done), source))
            done += _copied(given, taken, done, step)


def _copied(given: BinaryIO, taken: BinaryIO, start: int, size: int) -> int:
    """Copy a part of a file by the system, or block by block where it cannot; return the number of bytes."""
    if hasattr(os, "copy_file_range"):
        try:
            done = os.copy_file_range(given.fileno(), taken.fileno(), size, start, start)
        except OSError as wrong:
            if wrong.errno not in (errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP):
                raise
        else:
            if done:
                return done
    given.seek(start)
    taken.seek(start)
    part = given.read(min(size, BUFFER))
    taken.write(part)
    taken.flush()
    return len(part)


def copy_folder(source: Path, target: Path) -> None:
    """Copy a folder and all in it to a name that is free."""
    folder(target)
    for entry in sorted(source.iterdir()):
        if entry.is_dir():
            copy_folder(entry, target / entry.name)
        else:
            copy(entry, target / entry.name)


def folder(path: Path) -> Path:
    """Make a folder, and those above it, where there is none; return it."""
    if not path.is_dir():
        tell(Operation("folder", path))
        path.mkdir(parents=True, exist_ok=True)
    return path


def lasting_folder(path: Path) -> Path:
    """Make a folder as ``folder`` does; its name, and the names of those above it that were made, last."""
    missing = [above for above in (path, *path.parents) if not above.exists()]
    folder(path)
    for made in reversed(missing):
        _settle_names(made.parent)
    return path


def remove(path: Path) -> None:
    """Remove a file that may be there."""
    tell(Operation("remove", path))
    path.unlink(missing_ok=True)


def remove_folder(path: Path) -> None:
    """Remove a folder that may be there, with all in it, as far as that can be done."""
    if path.is_dir():
        tell(Operation("remove", path))
        shutil.rmtree(path, ignore_errors=True)
