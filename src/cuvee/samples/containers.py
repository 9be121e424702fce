"""Files of rows, whatever they are packed in. Dialects say what a row means; this room does not ask."""

import io
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cuvee import disk
from cuvee.errors import InputError
from cuvee.samples import archives, hub, saved, table_reader, table_rows
from cuvee.samples.csv_rows import csv_rows
from cuvee.samples.inputs import expand, stem, suffix
from cuvee.samples.json_rows import json_rows
from cuvee.samples.raw import ROW_BYTES, Identity, Raw

__all__ = ["Raw", "expand", "identity", "rows", "stem"]

BLOCK = 1 << 20
MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zXZ\x00": "xz", b"BZh": "bzip2"}


def rows(path: str | Path, most: int = ROW_BYTES) -> Iterator[Raw]:
    """Yield the rows of one file, of a folder that ``datasets`` saved, of a member of an archive, or of a "hub:..." id.

    A row that cannot be read is yielded with its error, and so is one of more than ``most`` bytes, of which no more is held.
    The file is streamed. JSON and compression are told by content, tables by suffix or content; tables are read by another
    process, since a damaged one may kill it. Raises InputError for a file that is no data at all, or damaged.
    """
    if str(path).startswith(hub.PREFIX):
        return table_rows.table_rows(hub.batches(str(path)), most)
    file = archives.local(path)
    if file.is_dir():
        return table_reader.rows(_saved(file), most)
    kind, start = suffix(file), _start(file)
    if start[:4] == b"PAR1" or start == b"ARROW1" or kind in (".arrow", ".feather"):
        return table_reader.rows([file], most)
    if start[:4] in archives.ZIP:
        raise InputError(f"{path} is a zip archive", "expand() names the files in it")
    if kind in (".parquet", ".pq"):
        raise InputError(f"{path} is not a Parquet file, or was cut short", "fetch or write it again")
    if kind in (".csv", ".tsv"):
        return csv_rows(_no_archive(file), str(path), most)
    return json_rows(_no_archive(file), str(path), most)


def identity(path: str | Path) -> Identity:
    """Return ``bytes`` and ``sha256`` of a file's content (of all files of a saved folder together)."""
    import hashlib

    if str(path).startswith(hub.PREFIX):
        return hub.identity(str(path))
    parts = _saved(Path(path)) if Path(path).is_dir() else [archives.local(path)]
    hashed, size = hashlib.sha256(), 0
    for part in parts:
        with disk.named(part), part.open("rb") as file:
            while block := file.read(BLOCK):
                hashed.update(block)
                size += len(block)
    return Identity(bytes=size, sha256=hashed.hexdigest())


def _saved(folder: Path) -> list[Path]:
    if not saved.is_saved(folder):
        raise InputError(f"{folder} is a folder", "expand() names the files in it")
    return saved.saved_files(folder)


def _start(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(6)
    except OSError as wrong:
        raise InputError(
            f"{file} cannot be read: {wrong.strerror}", "name a file that is there and may be read"
        ) from wrong


def _blocks(file: Path) -> Iterator[bytes]:
    """Yield the unpacked content of a file, about a MiB at a time."""
    import zstandard

    with file.open("rb") as packed:
        kind = next((kind for magic, kind in MAGIC.items() if packed.peek(6).startswith(magic)), "")
        try:
            if kind == "zstd":
                yield from _zstd_blocks(packed)
                return
            opened = _unpacked(packed, kind)
            while block := opened.read(BLOCK):
                yield block
        except (EOFError, OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError) as wrong:
            raise InputError(f"{file} is damaged: {wrong}", "fetch or write it again") from wrong


def _no_archive(file: Path) -> Iterator[bytes]:
    """Yield the unpacked content of a file. Raises InputError for a tar archive, whose headers would be read as rows."""
    blocks = _blocks(file)
    first = next(blocks, b"")
    if first[archives.AT :].startswith(archives.MARK):
        raise InputError(f"{file} is a tar archive", "expand() names the files in it")
    yield first
    yield from blocks


def _unpacked(packed: BinaryIO, kind: str) -> BinaryIO | io.BufferedIOBase:
    import bz2
    import gzip

    if kind == "gzip":
        return gzip.open(packed)
    if kind == "xz":
        return lzma.open(packed)
    return bz2.open(packed) if kind == "bzip2" else packed


def _zstd_blocks(packed: BinaryIO) -> Iterator[bytes]:
    """Yield the content of all frames; the library's own reader does not notice when the last frame is cut short."""
    import zstandard

    frame, waiting = zstandard.ZstdDecompressor().decompressobj(), b""
    begun = False
    # A block of zstd unpacks to 128 KiB at most and may have 4 bytes: so little at a time is at most 32 MiB.
    while block := waiting or packed.read(BLOCK >> 10):
        begun = True
        yield frame.decompress(block)
        waiting = frame.unused_data
        if frame.eof:
            frame, begun = zstandard.ZstdDecompressor().decompressobj(), False
    if begun:
        raise EOFError("the last zstd frame is cut short")
