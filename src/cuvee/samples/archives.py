"""Zip and tar archives as folders of data files: ``pool.zip/train.jsonl`` names a member, unpacked when it is read."""

import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from cuvee.errors import InputError
from cuvee.samples import streams

SUFFIXES = (".zip", ".tar", ".tgz", ".tbz2", ".txz")  # and .tar packed
MARK, AT = b"ustar", 257  # where a tar archive says what it is
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
ZSTD = b"\x28\xb5\x2f\xfd"
_UNPACKED: dict[tuple[str, float, str], Path] = {}  # archive, its time, member -> its copy


def is_archive(file: Path) -> bool:
    """Tell whether a file is a zip or a tar archive, packed or not, by its content."""
    try:
        with file.open("rb") as opened:
            if opened.read(4) in ZIP:
                return True
        with _plain(file) as unpacked:
            return unpacked.read(AT + len(MARK))[AT:] == MARK
    except Exception:  # noqa: BLE001 (damage of whatever packs it: told when the file is read)
        return False


def looks_like_one(file: Path) -> bool:
    """Tell whether a file is called as an archive is."""
    name = file.name.lower()
    return name.endswith(SUFFIXES) or ".tar." in name


def members(archive: Path, wanted: Callable[[Path], bool]) -> list[Path]:
    """Return the members that are wanted, sorted, as paths below the archive. Raises InputError for a damaged one."""
    found = [PurePosixPath(name) for name in _listed(archive)]
    visible = [name for name in found if not any(part.startswith((".", "__MACOSX")) for part in name.parts)]
    return sorted({archive / name for name in visible if ".." not in name.parts and wanted(Path(name))})


def holder(path: Path) -> Path | None:
    """Return the archive that a path leads into; None where it leads to a file or folder, or nowhere."""
    if path.exists():
        return None
    above = next((folder for folder in path.parents if folder.exists()), None)
    return above if above is not None and above.is_file() and is_archive(above) else None


def local(path: str | Path) -> Path:
    """Return a file that can be opened: the path itself, or a copy of the member that it names, named after its content."""
    path = Path(path)
    archive = holder(path)
    if archive is None:
        return path
    name = path.relative_to(archive).as_posix()
    key = str(archive), archive.stat().st_mtime, name
    if key not in _UNPACKED or not _UNPACKED[key].exists():
        suffix = "".join(Path(name).suffixes[-2:])
        _UNPACKED[key] = streams.filled(path.name.split(".")[0], suffix, lambda out: _copy(archive, name, out))
    return _UNPACKED[key]


def _listed(archive: Path) -> list[str]:
    with _damage(archive):
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                return [one.filename for one in opened.infolist() if not one.is_dir()]
        with _plain(archive) as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
            return [one.name for one in tar if one.isfile()]


def _copy(archive: Path, name: str, out: BinaryIO) -> None:
    with _damage(archive):
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened, opened.open(name) as member:
                _fits(archive, name, opened.getinfo(name).file_size)
                shutil.copyfileobj(member, out)
            return
        with _plain(archive) as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
            for one in tar:
                content = tar.extractfile(one) if one.isfile() and PurePosixPath(one.name).as_posix() == name else None
                if content is not None:
                    _fits(archive, name, one.size)
                    shutil.copyfileobj(content, out)
                    return
        raise InputError(f"{archive} holds no {name}", "name the archive, or one of its members")


def _fits(archive: Path, name: str, size: int) -> None:
    """Raise InputError where a member would fill the disk: an archive of a few bytes may claim to hold any number."""
    folder = tempfile.gettempdir()
    if size > shutil.disk_usage(folder).free:
        raise InputError(f"{name} of {archive} has {size:,} bytes, and {folder} has no room", "unpack it elsewhere")


@contextmanager
def _damage(archive: Path) -> Iterator[None]:
    import lzma
    import zlib

    try:
        yield
    except RuntimeError as wrong:  # what zipfile says of a password
        raise InputError(f"{archive} cannot be unpacked: {wrong}", "unpack it, and name the folder") from wrong
    except KeyError as wrong:
        raise InputError(f"{archive}: {wrong.args[0]}", "name the archive, or one of its members") from wrong
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, NotImplementedError) as wrong:
        raise InputError(f"{archive} is damaged: {wrong}", "fetch or write it again") from wrong


@contextmanager
def _plain(file: Path) -> Iterator[IO[bytes]]:
    """Open a file without what packs it."""
    import bz2
    import gzip
    import lzma

    import zstandard

    with file.open("rb") as packed:
        start = packed.read(6)
        packed.seek(0)
        if start.startswith(b"\x1f\x8b"):
            with gzip.open(packed) as opened:
                yield cast(IO[bytes], opened)
        elif start.startswith(b"BZh"):
            with bz2.open(packed) as opened:
                yield cast(IO[bytes], opened)
        elif start.startswith(b"\xfd7zXZ\x00"):
            with lzma.open(packed) as opened:
                yield cast(IO[bytes], opened)
        elif start.startswith(ZSTD):
            yield zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True)
        else:
            yield packed
