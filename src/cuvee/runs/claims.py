"""Claims: who may work in a run folder, and on what."""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from cuvee import disk
from cuvee.errors import ConfigError
from cuvee.runs.hashes import canonical
from cuvee.runs.manifest import manifest_of

WORK = "work"  # the folder inside a run folder that holds its steps
LOCK = ".lock"
SHOWN = 3  # settings that differ, in a line


@dataclass(frozen=True)
class Claim:
    """What a verb is about to make in a run folder. replace: whether a finished run of other settings may go for it."""

    verb: str
    settings: Mapping[str, object]
    replace: bool


@contextmanager
def claimed(path: Path, claim: Claim | None) -> Iterator[None]:
    """Hold a run folder for this process, made if need be. Raises ConfigError as ``open_run`` does."""
    foreign = path.exists() and (not path.is_dir() or (any(path.iterdir()) and not (path / WORK).exists()))
    if foreign:
        raise ConfigError(f"{path} exists and is not a run folder", "name another one with --out")
    disk.lasting_folder(path / WORK)
    with (path / WORK / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(f"another cuvee is working in {path}", "wait for it, or name another --out") from None
        if claim:
            _refuse_others(path, claim)
        yield


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
