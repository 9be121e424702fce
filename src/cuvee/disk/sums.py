"""Checksums: what a folder holds, written into it when it is whole, so that a damaged byte is found before it is believed.

XXH3 finds damage, not malice: 64 bits, as fast as memory. ``checksums.txt`` has a line per file (sum, bytes, name as JSON)
and one that sums up the lines before it.
"""

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import xxhash

from cuvee.disk.files import named, write

SUMS = "checksums.txt"
_BLOCK = 1 << 22


@dataclass(frozen=True)
class Sum:
    """A file as it was written. sum: XXH3, 16 hex digits."""

    sum: str
    bytes: int


def sum_of(path: Path, end: int | None = None) -> Sum:
    """Return the sum of a file as it is now, or of its first ``end`` bytes.

    It is read, not mapped: what a broken disk does not give is an error then, not the end of the process.
    """
    state, size, block = xxhash.xxh3_64(), 0, memoryview(bytearray(_BLOCK))
    with path.open("rb", buffering=0) as file, named(path):
        while count := file.readinto(block if end is None else block[: end - size]):
            state.update(block[:count])
            size += count
    return Sum(state.hexdigest(), size)


def seal(folder: Path, *, without: str = "") -> None:
    """Write the checksums of all files in a folder and below it, those of the folder ``without`` in it left out."""
    inside = ((path, path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file())
    names = [str(name) for _, name in inside if str(name) != SUMS and name.parts[0] != without]
    lines = b"".join(_line(sum_of(folder / name), name) for name in names)
    write(folder / SUMS, lines + _line(_sum_of_lines(lines), ""))


def sums(folder: Path) -> dict[str, Sum]:
    """Return the sums that a folder was sealed with, by path in it. Raises ValueError where they are not as written."""
    content = (folder / SUMS).read_bytes()
    lines = content.splitlines(keepends=True)
    rest = b"".join(lines[:-1])
    if not lines or lines[-1] != _line(_sum_of_lines(rest), ""):
        raise ValueError(SUMS)
    found = {}
    for line in lines[:-1]:
        digits, size, name = line.split(maxsplit=2)
        found[str(orjson.loads(name))] = Sum(digits.decode(), int(size))
    return found


def damage(folder: Path) -> str | None:
    """Return what is damaged in a sealed folder: the file and how; None where every byte is as it was written."""
    return next(_damages(folder), None)


def print_of(folder: Path) -> tuple[tuple[str, int, int, int], ...]:
    """Return what tells without reading whether files were written since: name, inode, bytes and time of each."""
    found = sorted((path, path.stat()) for path in folder.rglob("*") if path.is_file())
    return tuple((str(path), facts.st_ino, facts.st_size, facts.st_mtime_ns) for path, facts in found)


def _damages(folder: Path) -> Iterator[str]:
    try:
        told = sums(folder)
    except FileNotFoundError:
        yield f"{folder / SUMS} is gone"
        return
    except (ValueError, OSError):
        yield f"{folder / SUMS} is not as it was written"
        return
    for name, expected in told.items():
        try:
            if sum_of(folder / name) != expected:
                yield f"{folder / name} is not as it was written"
        except OSError as wrong:
            if wrong.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EIO):
                raise
            yield f"{folder / name}: {os.strerror(wrong.errno)}"


def _line(of: Sum, name: str) -> bytes:
    return f"{of.sum} {of.bytes} ".encode() + orjson.dumps(name) + b"\n"


def _sum_of_lines(lines: bytes) -> Sum:
    return Sum(xxhash.xxh3_64_hexdigest(lines), len(lines))
