"""The manifest: what a run folder holds, by file, with bytes and hash; whoever reads a run goes by it."""

import platform
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, TypedDict

import orjson

from cuvee import disk
from cuvee.errors import InputError
from cuvee.runs.hashes import sha256

MANIFEST = "manifest.json"
LIBRARIES = ("numpy", "pyarrow", "polars", "faiss-cpu", "scikit-learn", "scipy", "rensa", "model2vec")


class Output(TypedDict):
    """A file of a finished run: its path in the run folder."""

    file: str
    bytes: int
    sha256: str


def write_json(path: Path, value: object) -> None:
    """Write a JSON file, whole or not at all; it lasts when this returns."""
    disk.write_whole(path, orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY) + b"\n")


def manifest_of(folder: Path) -> dict[str, Any]:
    """Return what the manifest of a run folder says; nothing where there is none. Raises InputError where it is none."""
    path, hint = folder / MANIFEST, "make the run again under another --out, or remove the file"
    if not path.is_file():
        return {}
    try:
        found = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError:
        raise InputError(f"{path} is not JSON", hint) from None
    if not isinstance(found, dict) or not _names_files(found.get("outputs", [])):
        raise InputError(f"{path} is no manifest", hint)
    return found


def _names_files(outputs: object) -> bool:
    """Tell whether outputs are what ``output_facts`` says, and each of them inside the run folder."""
    if not isinstance(outputs, list):
        return False
    names = [one.get("file") if isinstance(one, dict) else None for one in outputs]
    return all(
        isinstance(name, str) and not Path(name).is_absolute() and ".." not in Path(name).parts for name in names
    )


def outputs_of(folder: Path) -> list[str]:
    """Return the files that the manifest of a run folder names, as paths in it; none where it names none."""
    return [output["file"] for output in manifest_of(folder).get("outputs", [])]


def output(folder: Path, name: str) -> Path | None:
    """Return a file of a finished run, None where the run has none of that name.

    A folder whose manifest names no outputs was made by an older version: what is there counts. Raises InputError where
    the file is gone, or is not the one that the run wrote.
    """
    path, told = folder / name, manifest_of(folder).get("outputs", [])
    if not told:
        return path if path.is_file() else None
    own = next((one for one in told if one["file"] == name), None)
    if own is None:
        return None
    if not path.is_file():
        raise InputError(f"{path} is gone, and {folder / MANIFEST} names it", "make the run again: the same command")
    if own.get("bytes", path.stat().st_size) != path.stat().st_size or (
        "sha256" in own and sha256(path) != own["sha256"]
    ):
        raise InputError(
            f"{path} is not what its run wrote: it was changed since",
            "make the run again (the same command), or copy the file elsewhere and name the copy",
        )
    return path


def output_facts(file: Path, folder: Path) -> Output:
    """Return what the manifest says of a file of the run."""
    return {"file": str(file.relative_to(folder)), "bytes": file.stat().st_size, "sha256": sha256(file)}


def versions() -> dict[str, str]:
    """Return the versions that a result may depend on."""
    found = {"python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
    return found | {library: _version(library) for library in LIBRARIES}


@cache
def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "not installed"
