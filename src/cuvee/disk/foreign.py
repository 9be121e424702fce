"""Libraries that write by themselves: what they raise where the disk is full is no OSError, and names no file."""

import errno
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cuvee.disk.files import named
from cuvee.disk.seam import Operation, tell

_NUMBER = re.compile(r"(?:Os \{ code: |os error )(\d+)")  # of Rust's safetensors and tokenizers
_NAMELESS = re.compile(r"PytorchStreamWriter|iostream error|write failed|unexpected pos")  # of torch
_PROBE = 1 << 20  # bytes that are written to learn why a library could not


@contextmanager
def library(place: Path) -> Iterator[None]:
    """Let a library write into a folder by itself; where the disk is what stopped it, that is raised as an OSError."""
    tell(Operation("library", place))
    with named(place):
        try:
            yield
        except OSError:
            raise
        except Exception as wrong:
            number = _number(str(wrong), place)
            if number is None:
                raise
            raise OSError(number, os.strerror(number), str(place)) from wrong


def _number(said: str, place: Path) -> int | None:
    """Return the system's number of what a library said, None where it does not speak of the disk."""
    if found := _NUMBER.search(said):
        return int(found.group(1))
    return _probed(place) if _NAMELESS.search(said) else None


def _probed(place: Path) -> int:
    """Return the number of what goes wrong when something is written here."""
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(bytes(_PROBE))
            file.flush()
    except OSError as wrong:
        return wrong.errno or errno.EIO
    return errno.EIO
