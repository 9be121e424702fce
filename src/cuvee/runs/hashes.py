"""Hashes: of a value, of a file, of our own code."""

import hashlib
from functools import cache
from pathlib import Path

import orjson
import xxhash

from cuvee import disk


def canonical(value: object) -> bytes:
    """Return one byte string per value: JSON with sorted keys."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY, default=str)


def digest(value: object) -> str:
    """Return 16 hex digits that stand for a JSON-able value."""
    return xxhash.xxh3_64_hexdigest(canonical(value))


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with disk.named(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def code_version() -> str:
    """Return a hash of cuvee's own sources, so that no result outlives the code that made it."""
    root = Path(__file__).parents[1]
    files = sorted(path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    state = xxhash.xxh3_64()
    for path in files:
        state.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return state.hexdigest()
