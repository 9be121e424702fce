"""Files that stand elsewhere (s3://, gs://, hf://, file://): copied here as they are read for the first time, by ``fsspec``.

A copy stands under the name that it has there, in a folder that is named after what the server says of its version, so an
object that changed is another file, and one that did not is not fetched again.
"""

import importlib.util
import os
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cuvee import disk
from cuvee.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

SCHEMES = {"s3": "s3", "gs": "gcs", "gcs": "gcs", "hf": "hub", "file": "s3", "abfs": "abfs"}  # scheme -> extra
BLOCK = 1 << 22


IsData = Callable[[Path], bool]  # tells whether a file of this name holds data


def is_remote(given: str) -> bool:
    """Tell whether a text is a URL that ``fsspec`` reads."""
    return given.partition("://")[0] in SCHEMES and "://" in given


def copies(given: str, is_data: IsData) -> list[Path]:
    """Return copies of what a URL names: a file, all data files below a folder, or those that a pattern (*) fits, sorted.

    Raises MissingExtraError without what reads that kind of URL, InputError where nothing is there or the server says no.
    """
    scheme, _, _ = given.partition("://")
    if not importlib.util.find_spec("fsspec"):
        raise MissingExtraError("fsspec", SCHEMES[scheme], f"reading {given}")
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(given)
        return [_copy(system, scheme, found) for found in _named(system, path, is_data)]
    except ImportError as wrong:
        library = (wrong.name or str(wrong)).partition(" ")[0]
        raise MissingExtraError(library, SCHEMES[scheme], f"reading {given}") from None
    except FileNotFoundError:
        raise InputError(f"there is no {given}", "look at its spelling, and at the bucket") from None
    except (OSError, ValueError) as wrong:
        said = str(wrong).strip().split("\n")[0]
        raise InputError(f"{given} cannot be read: {said}", "are the keys right, and is the server there?") from None


def _named(system: "AbstractFileSystem", path: str, is_data: IsData) -> list[str]:
    if "*" in path:
        found = [str(name) for name in system.glob(path)]
    elif system.isfile(path):
        return [path]
    else:
        found = [str(name) for name in system.find(path)]
    return sorted(name for name in found if is_data(Path(name)))


def _copy(system: "AbstractFileSystem", scheme: str, name: str) -> Path:
    """Return the copy of one file, made where there is none of this version."""
    from cuvee.runs import digest

    facts = system.info(name)
    known = ("ETag", "etag", "md5Hash", "LastModified", "last_modified", "mtime", "blob_id")
    version = digest([name, facts.get("size"), *(str(facts[key]) for key in known if key in facts)])
    root = Path(os.environ.get("CUVEE_HOME", tempfile.gettempdir())) / "fetched" / scheme / version
    target = root / Path(name).name
    if not target.is_file():
        unfinished = disk.folder(root) / f".{uuid.uuid4().hex}"
        try:
            with system.open(name, "rb") as there, disk.create(unfinished) as here:
                _through(there.read, here.write)
            disk.rename(unfinished, target)
        finally:
            disk.remove(unfinished)
    return target


def _through(read: Callable[[int], bytes], write: Callable[[bytes], int]) -> None:
    while block := read(BLOCK):
        write(block)
