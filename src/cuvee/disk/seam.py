"""The seam: every operation on the disk is told before it is done, so that a test can fail or end there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Operation:
    """What is about to be done. size: bytes of a write or a copy. source: of a rename or a copy.

    kind: create, write, copy, sync, rename, remove, folder, or library (one that writes by itself, into a folder).
    """

    kind: str
    path: Path
    size: int = 0
    source: Path | None = None


# Returns how many of the operation's bytes may be written; raises OSError where it fails.
Watch = Callable[[Operation], int]


def _unwatched(operation: Operation) -> int:
    return operation.size


_watches: list[Watch] = [_unwatched]


def tell(operation: Operation) -> int:
    """Tell of an operation; return how many of its bytes to write."""
    return _watches[-1](operation)


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Tell ``watch`` of every operation of this process while the block runs."""
    _watches.append(watch)
    try:
        yield
    finally:
        _watches.pop()
