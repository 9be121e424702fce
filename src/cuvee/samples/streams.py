"""Streams: what can be read once only is copied to a file first, so that it can be hashed and read like any other."""

import hashlib
import os
import select
import stat
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from cuvee import disk
from cuvee.errors import InputError

BLOCK = 1 << 20
PATIENCE = 60.0  # seconds that a pipe may have nobody who writes to it
_KEPT: dict[tuple[int, int], Path] = {}  # device and inode of a pipe -> its copy: a second look finds the pipe empty


def kept(path: Path) -> Path:
    """Return the copy of a pipe's content, made at the first call of this process.

    Raises InputError for what is no pipe (a device, a socket), and for a pipe that nobody writes to.
    """
    found = path.stat()
    if not stat.S_ISFIFO(found.st_mode):
        raise InputError(f"{path} is neither a file nor a pipe", "name files, folders, globs or pipes")
    key = found.st_dev, found.st_ino
    if key not in _KEPT:
        with _opened(path) as pipe:
            _KEPT[key] = copied(pipe, "pipe")
    return _KEPT[key]


def copied(stream: BinaryIO, name: str) -> Path:
    """Read a stream to its end into a temporary file named after its content, and return that."""

    def fill(file: BinaryIO) -> None:
        while block := stream.read(BLOCK):
            file.write(block)

    return filled(name, "", fill)


def filled(name: str, suffix: str, fill: Callable[[BinaryIO], None]) -> Path:
    """Return a temporary file that ``fill`` writes, named after its content; nothing is left where it fails."""
    folder = Path(tempfile.gettempdir())
    unfinished = folder / f"cuvee-{uuid.uuid4().hex}"
    try:
        with disk.create(unfinished) as file:
            fill(file)
        with unfinished.open("rb") as whole:
            content = hashlib.file_digest(whole, "sha256").hexdigest()[:16]
        return disk.rename(unfinished, folder / f"{name}-{content}{suffix}")
    finally:
        disk.remove(unfinished)


def _opened(path: Path) -> BinaryIO:
    """Open a pipe that somebody writes to; a plain open would wait for ever where nobody does."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN | select.POLLHUP)
    if not waiting.poll(1_000 * PATIENCE):
        os.close(descriptor)
        raise InputError(f"nobody writes to the pipe {path}", f"start what writes to it within {PATIENCE:.0f} seconds")
    os.set_blocking(descriptor, True)
    return os.fdopen(descriptor, "rb")
