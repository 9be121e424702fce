"""The run folder: steps that are addressed by what they depend on, atomic outputs, and the manifest.

A step's folder is named by a hash of its inputs, its settings and our own code; it is written under a temporary name and
renamed when it is whole. So resume is not a mode: a killed run, called again, does only what is missing.
"""

import fcntl
import hashlib
import os
import platform
import resource
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, TypedDict

import orjson
import xxhash

from cuvee import names
from cuvee.errors import ConfigError, InputError
from cuvee.version import VERSION

_LINUX = Path("/proc/self/clear_refs").exists()
WORK = "work"  # the folder inside a run folder that holds its steps
LOCK = ".lock"
UNFINISHED = ".making-"  # begins the name of a step's folder until it is whole
MANIFEST = "manifest.json"
SHOWN = 3  # settings that differ, in a line
LIBRARIES = ("numpy", "pyarrow", "polars", "faiss-cpu", "scikit-learn", "scipy", "rensa", "model2vec")


def canonical(value: object) -> bytes:
    """Return one byte string per value: JSON with sorted keys."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY, default=str)


def digest(value: object) -> str:
    """Return 16 hex digits that stand for a JSON-able value."""
    return xxhash.xxh3_64_hexdigest(canonical(value))


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def code_version() -> str:
    """Return a hash of cuvee's own sources, so that no result outlives the code that made it."""
    root = Path(__file__).parent
    files = sorted(path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    state = xxhash.xxh3_64()
    for path in files:
        state.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return state.hexdigest()


@dataclass(frozen=True)
class Step:
    """One finished step: where its files are, and what it cost."""

    name: str
    fingerprint: str
    path: Path
    seconds: float
    peak_mb: float
    reused: bool


class Cost(TypedDict):
    """What a step cost the process that made it."""

    seconds: float
    peak_mb: float


class Output(TypedDict):
    """A file of a finished run: its path in the run folder."""

    file: str
    bytes: int
    sha256: str


@dataclass
class Run:
    """An open run folder. Use ``open_run`` to get one."""

    path: Path
    steps: list[Step] = field(default_factory=list)
    published: list[Path] = field(default_factory=list)  # files and folders at the top of the run folder
    made_elsewhere: set[str] = field(default_factory=set)  # steps that were put in place and not yet asked for

    def step(
        self, name: str, depends: Mapping[str, object], make: Callable[[Path], None], *, resumable: bool = False
    ) -> Step:
        """Return the step of this name over these dependencies, making it first if it is not there.

        depends: JSON-able; everything that decides the result (fingerprints of earlier steps, settings, seeds).
        make: receives an empty folder and fills it. It may be killed at any point.
        resumable: after a kill ``make`` receives the folder as it was left (with its checkpoints), not an empty one.
        """
        fingerprint, folder = self._address(name, depends)
        there = folder.exists()
        if not there:
            self._make(folder, make, resumable)
        reused = there and folder.name not in self.made_elsewhere
        self.made_elsewhere.discard(folder.name)
        cost: Cost = orjson.loads((folder / "cost.json").read_bytes())
        step = Step(name, fingerprint, folder, cost["seconds"], cost["peak_mb"], reused)
        self.steps.append(step)
        return step

    def missing(self, name: str, depends: Mapping[str, object]) -> Path | None:
        """Return the folder in which another process may make a step, for ``put``; None where the step is there."""
        _, folder = self._address(name, depends)
        return None if folder.exists() else _unfinished(folder)

    def put(self, making: Path, cost: Cost) -> None:
        """Put a step in its place that was made whole in the folder that ``missing`` named; ``step`` then returns it."""
        self.made_elsewhere.add(_place(making, cost).name)

    def _address(self, name: str, depends: Mapping[str, object]) -> tuple[str, Path]:
        guests = names.guests_in(canonical(depends).decode())
        fingerprint = digest({"name": name, "depends": depends, "code": code_version(), "guests": guests})
        return fingerprint, self.path / WORK / f"{name}-{fingerprint}"

    def _make(self, folder: Path, make: Callable[[Path], None], resumable: bool) -> None:
        temporary = _unfinished(folder)
        if not resumable:
            shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True, exist_ok=True)
        _place(temporary, measured(make, temporary))

    def publish(self, step: Step, names: list[str]) -> list[Path]:
        """Put files of a step at the top of the run folder, each whole or not at all; return their paths there."""
        for name in names:
            temporary = self.path / f".{name}.new"
            temporary.unlink(missing_ok=True)
            _same_file(step.path / name, temporary)
            temporary.replace(self.path / name)
            temporary.unlink(missing_ok=True)  # renaming a file over another name of itself does nothing
        files = [self.path / name for name in names]
        self.published += files
        return files

    def publish_folder(self, step: Step, name: str) -> Path:
        """Put a folder of a step at the top of the run folder, whole or not at all; return its path there."""
        target, temporary = self.path / name, self.path / f".{name}.new"
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.copytree(step.path / name, temporary, copy_function=_same_file)
        shutil.rmtree(target, ignore_errors=True)
        temporary.replace(target)
        self.published.append(target)
        return target

    def conclude(self, verb: str, settings: Mapping[str, object], *, seed: int, **facts: object) -> None:
        """Write ``manifest.json``: the run folder holds what it says, and nothing else.

        settings: every option of the verb as it was typed. facts: what else a reader must know (inputs, model, counts).
        Every published file stands in "outputs" with its path in the run folder, bytes and SHA-256. Files of an earlier run
        in this folder, and the steps that this run did not use, are removed.
        """
        outputs = [_output(file, self.path) for file in self._files()]
        costs = [{key: value for key, value in asdict(step).items() if key != "path"} for step in self.steps]
        whole = {
            "cuvee": VERSION,
            "verb": verb,
            "settings": settings,
            "seed": seed,
            **facts,
            "outputs": outputs,
            "steps": costs,
            "versions": versions(),
            "code": code_version(),
        }
        self._clear(outputs)
        write_json(self.path / MANIFEST, whole)

    def _files(self) -> list[Path]:
        """Return every published file, those in folders too, in the order of publication, each once."""
        found = [
            file
            for path in self.published
            for file in (sorted(part for part in path.rglob("*") if part.is_file()) if path.is_dir() else [path])
        ]
        return list(dict.fromkeys(found))

    def _clear(self, outputs: list[Output]) -> None:
        """Remove what an earlier run left here and this one did not, by its manifest: what a user put here stays."""
        now = {output["file"] for output in outputs}
        for name in outputs_of(self.path):
            if name not in now:
                (self.path / name).unlink(missing_ok=True)
        used = {step.path.name for step in self.steps}
        for folder in (self.path / WORK).iterdir():
            if folder.name not in used | {LOCK}:
                shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Claim:
    """What a verb is about to make in a run folder. replace: whether a finished run of other settings may go for it."""

    verb: str
    settings: Mapping[str, object]
    replace: bool


@contextmanager
def open_run(path: Path, claim: Claim | None = None) -> Iterator[Run]:
    """Open a run folder for one process at a time.

    Raises ConfigError when another process works in it, when the folder holds something that is not a run, and when it
    holds a finished run of another verb, or of other settings than the claim's, unless that replaces it.
    """
    foreign = path.exists() and any(path.iterdir()) and not (path / WORK).exists()
    if path.is_file() or foreign:
        raise ConfigError(f"{path} exists and is not a run folder", "name another one with --out")
    (path / WORK).mkdir(parents=True, exist_ok=True)
    with (path / WORK / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(f"another cuvee is working in {path}", "wait for it, or name another --out") from None
        if claim:
            _refuse_others(path, claim)
        yield Run(path)


def _refuse_others(path: Path, claim: Claim) -> None:
    manifest = manifest_of(path)
    if not manifest:
        return
    if manifest.get("verb") != claim.verb:
        raise ConfigError(f"{path} holds a run of `cuvee {manifest.get('verb')}`", "name another folder with --out")
    before, now = manifest.get("settings", {}), orjson.loads(canonical(claim.settings))
    differ = [name for name in now if name in before and _listed(now[name]) != _listed(before[name])]
    if differ and not claim.replace:
        told = ", ".join(f"{name} was {before[name]!r} and is now {now[name]!r}" for name in differ[:SHOWN])
        more = f", and {len(differ) - SHOWN} more" if len(differ) > SHOWN else ""
        raise ConfigError(
            f"{path} holds a finished run of other settings: {told}{more}",
            "--replace makes it anew there, what can be used again is; or name another folder with --out",
        )


def _listed(value: object) -> object:
    """Return a setting to compare: a single path means the same as a list of one."""
    return [value] if isinstance(value, str) else value


def measured(make: Callable[[Path], None], folder: Path) -> Cost:
    """Fill a folder, and return what that cost this process."""
    _reset_peak()
    start = time.perf_counter()
    make(folder)
    return {"seconds": round(time.perf_counter() - start, 3), "peak_mb": round(_peak_mb(), 1)}


def write_json(path: Path, value: object) -> None:
    """Write a JSON file, whole or not at all."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY) + b"\n")
    temporary.replace(path)


def manifest_of(folder: Path) -> dict[str, Any]:
    """Return what the manifest of a run folder says; nothing where there is none. Raises InputError where it is not JSON."""
    path = folder / MANIFEST
    if not path.is_file():
        return {}
    try:
        found: dict[str, Any] = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError:
        raise InputError(f"{path} is not JSON", "make the run again under another --out, or remove the file") from None
    return found


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


def _unfinished(folder: Path) -> Path:
    return folder.with_name(f"{UNFINISHED}{folder.name}")


def _place(making: Path, cost: Cost) -> Path:
    """Give a step that is whole its name; return its folder."""
    (making / "cost.json").write_bytes(orjson.dumps(cost))
    return making.replace(making.with_name(making.name.removeprefix(UNFINISHED)))


def _output(file: Path, folder: Path) -> Output:
    return {"file": str(file.relative_to(folder)), "bytes": file.stat().st_size, "sha256": sha256(file)}


def versions() -> dict[str, str]:
    """Return the versions that a result may depend on."""
    found = {"python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
    for library in LIBRARIES:
        try:
            found[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            found[library] = "not installed"
    return found


def _same_file(source: str | Path, target: str | Path) -> None:
    """Give a file a second name, or copy it on a file system without hard links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _reset_peak() -> None:
    """Start a new reading of peak memory where the system can (Linux)."""
    if _LINUX:
        Path("/proc/self/clear_refs").write_text("5")


def _peak_mb() -> float:
    """Return the peak resident memory in MB since the last reset (Linux), or since the start of the process."""
    if _LINUX:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
