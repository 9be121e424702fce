"""What the user named, as the files that it means."""

import difflib
import glob
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from cuvee.errors import InputError, MissingExtraError
from cuvee.samples import archives, hub, streams
from cuvee.samples.saved import is_saved

PACKED = (".gz", ".zst", ".zstd", ".xz", ".bz2")
DATA = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet", ".pq", ".arrow", ".feather")
BESIDE = ("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json")  # lie beside data, hold none


def expand(inputs: Sequence[str | Path]) -> list[Path | str]:
    """Return the data files that files, folders, archives, globs, "-" and hub ids stand for: sorted within each, none twice.

    A zip or tar archive stands for the data files in it ("pool.zip/train.jsonl"), which may be named like that too. A folder
    that ``datasets`` saved stays one path; a hub id becomes "hub:org/name[:config][@split]". Standard input is copied to a
    file first, named after its content. Raises InputError where nothing is there.
    """
    return list(dict.fromkeys(path for given in inputs for path in _one(str(given))))


def stem(path: Path | str) -> str:
    """Return a file's name without its suffixes, a hub id's name without its owner."""
    name = str(path)
    if name.startswith(hub.PREFIX):
        return name.removeprefix(hub.PREFIX).rpartition("/")[2]
    file = Path(name)
    while file.suffix.lower() in PACKED + DATA:
        file = file.with_suffix("")
    return file.name or name


def suffix(path: Path) -> str:
    """Return the suffix that tells what a file holds, whatever packs it: ".jsonl" of data.jsonl.gz."""
    return (path.with_suffix("") if path.suffix.lower() in PACKED else path).suffix.lower()


def _one(given: str) -> list[Path | str]:
    if given in ("-", "/dev/stdin"):
        if sys.stdin is None:
            raise InputError("standard input is closed", "name files, or write rows into it")
        return [streams.copied(sys.stdin.buffer, "stdin")]
    path, there = _found(given)
    if there:
        return _there(path, given)
    return [path] if archives.holder(path) else _elsewhere(path, given)


def _there(path: Path, given: str) -> list[Path | str]:
    if path.is_dir():
        return _some(list(_inside(path, set())), given)
    return _files(path) if path.is_file() else [streams.kept(path)]


def _elsewhere(path: Path, given: str) -> list[Path | str]:
    """Return what is meant by a name that is no path: a hub id, or a glob."""
    if path.is_symlink():
        raise InputError(f"{path} is a link to nothing", "mend the link, or name what it should lead to")
    if given.startswith(hub.PREFIX):
        if not hub.installed():
            raise MissingExtraError("datasets", "hub", f"reading {given}")
        return [given]
    if hub.looks_like_id(given) and not path.parent.exists() and hub.installed():
        return [hub.PREFIX + given]  # before globs: org/name@train[:100]
    if glob.has_magic(given):
        found = [Path(name) for name in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207 (an absolute pattern)
        return _some([file for one in found for file in (_inside(one, set()) if one.is_dir() else _beside(one))], given)
    raise InputError(f"there is no {given}", _nearest(path))


def _found(given: str) -> tuple[Path, bool]:
    try:
        path = Path(given).expanduser()
        return path, path.exists()
    except OSError as wrong:  # a name too long
        raise InputError(f"{given[:80]} is no path: {wrong.strerror}", "name files or folders") from wrong
    except RuntimeError as wrong:  # ~nobody/...
        raise InputError(f"{given} is no path: {wrong}", "name files or folders") from wrong


def _files(file: Path) -> list[Path | str]:
    """Return a file, or the data files in an archive. Raises InputError where there are none."""
    if not archives.is_archive(file):
        return [file]
    return _some([*archives.members(file, _is_data)], str(file))


def _beside(file: Path) -> list[Path]:
    """Return a data file, or the data files in an archive; nothing where it is something else."""
    if archives.looks_like_one(file) and file.is_file() and archives.is_archive(file):
        return archives.members(file, _is_data)
    return [file] * _is_data(file)


def _some(found: list[Path], given: str) -> list[Path | str]:
    if not found:
        raise InputError(
            f"there are no data files in {given}",
            f"files end in {', '.join(DATA)}, perhaps packed ({', '.join(PACKED)})",
        )
    return [*found]


def _inside(folder: Path, seen: set[Path]) -> Iterator[Path]:
    """Yield the data files of a folder and of those in it, each folder once, whatever links lead back to it."""
    here = folder.resolve()
    if here in seen:
        return
    seen.add(here)
    if is_saved(folder):
        yield folder
        return
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _inside(entry, seen)
        elif _is_data(entry):
            if entry.is_symlink() and not entry.exists():
                raise InputError(f"{entry} is a link to nothing", "mend the link, or remove it")
            yield entry if entry.is_file() else streams.kept(entry)
        else:
            yield from _beside(entry)


def _is_data(path: Path) -> bool:
    return suffix(path) in DATA and path.name not in BESIDE and not path.name.startswith(".")


def _nearest(path: Path) -> str:
    folder = path.parent
    while not folder.exists():
        folder = folder.parent
    wanted = path.relative_to(folder).parts[0]
    near = difflib.get_close_matches(wanted, [entry.name for entry in folder.iterdir()], n=1)
    return f"did you mean {folder / near[0]}?" if near else f"nothing in {folder} has a name like it"
