"""What is remembered between runs: content-addressed columns of vectors and of texts, in append-only Arrow segments.

A value is found by the 128-bit hash of what it was computed from, inside a column whose name says by what (embedder, its
version; chat model). So a new row, a new budget or another method pays only the difference, and nothing depends on row
order. Vectors are written a segment at a time; texts (replies that cost money) one by one, in a journal that becomes a
segment when it is closed. Segments and lines of a journal carry checksums: what is damaged counts as not remembered.
"""

from pathlib import Path

import xxhash

from cuvee import disk
from cuvee.store.segments import SEGMENT_ROWS, Keys
from cuvee.store.texts import Texts
from cuvee.store.vectors import Vectors

__all__ = ["SEGMENT_ROWS", "Keys", "Store", "Texts", "Vectors", "content_key"]


def content_key(text: str) -> bytes:
    """Return the 128-bit XXH3 hash of a text: 16 bytes."""
    return xxhash.xxh3_128_digest(text.encode("utf-8", "surrogatepass"))


class Store:
    """A folder of columns."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def vectors(self, column: str, dim: int) -> Vectors:
        """Open a column of vectors of this length."""
        return Vectors(disk.lasting_folder(self.root / column), dim)

    def texts(self, column: str) -> Texts:
        """Open a column of texts for reading and adding; use it in a ``with`` block."""
        return Texts(self.root / column)
