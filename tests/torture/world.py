"""A world to fail in: a run folder and a home that can be put back, and a command of every verb that works in it."""

import hashlib
import io
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import orjson

from cuvee.disk.seam import Watch, watched
from cuvee.runs import MANIFEST, WORK, sha256


@dataclass(frozen=True)
class Ended:
    """How a command ended. said: on standard error."""

    code: int
    said: str


@dataclass(frozen=True)
class World:
    """root: holds ``run`` and ``home``, all that a command may change. given: what it reads, the same for all."""

    root: Path
    given: Path

    @property
    def run(self) -> Path:
        """The run folder."""
        return self.root / "run"

    def clear(self) -> None:
        """Put back the beginning: nothing is there."""
        shutil.rmtree(self.root, ignore_errors=True)
        (self.root / "home").mkdir(parents=True)

    def restore(self, kept: Path) -> None:
        """Put back what was kept; whoever runs next is a new process, which has verified nothing."""
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(kept, self.root, symlinks=True)
        forget()

    def keep(self, place: Path) -> Path:
        """Copy all that is there."""
        shutil.copytree(self.root, place, symlinks=True)
        return place


def forget() -> None:
    """Forget what this process has verified."""
    from cuvee.runs import steps
    from cuvee.store import segments

    steps._RIGHT.clear()
    segments._RIGHT.clear()


@contextmanager
def _home(folder: Path) -> Iterator[None]:
    before = os.environ.get("CUVEE_HOME")
    os.environ["CUVEE_HOME"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["CUVEE_HOME"]
        else:
            os.environ["CUVEE_HOME"] = before


@contextmanager
def _lines(said: io.StringIO) -> Iterator[None]:
    """Let the lines of finished steps be said here too: the command line binds them to standard error once."""
    handler, logger = logging.StreamHandler(said), logging.getLogger("cuvee")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def command(world: World, arguments: Sequence[str], watch: Watch | None = None) -> Ended:
    """Run a command of cuvee in this process, watched; a BaseException that the watch raises comes through."""
    from cuvee.cli import main

    said = io.StringIO()
    with _home(world.root / "home"), redirect_stderr(said), redirect_stdout(io.StringIO()), _lines(said):
        try:
            with watched(watch or (lambda operation: operation.size)):
                main(arguments)
        except SystemExit as end:
            return Ended(int(end.code or 0), said.getvalue())
        except Exception as wrong:  # noqa: BLE001 a defect is what is looked for
            return Ended(99, f"{said.getvalue()}Traceback: {type(wrong).__name__}: {wrong}")
    return Ended(0, said.getvalue())


def outcome(world: World) -> dict[str, str]:
    """Return the hash of every file that a run folder's manifest names, the manifest checked against them."""
    told = {one["file"]: one["sha256"] for one in orjson.loads((world.run / MANIFEST).read_bytes())["outputs"]}
    there = {
        str(path.relative_to(world.run)): sha256(path)
        for path in world.run.rglob("*")
        if path.is_file() and path.relative_to(world.run).parts[0] != WORK and path.name != MANIFEST
    }
    assert there == told, f"the manifest and the folder differ: {set(told.items()) ^ set(there.items())}"
    return {name: _untimed(world.run / name) if name.endswith(".html") else its for name, its in told.items()}


def _untimed(page: Path) -> str:
    """Return the hash of a page without its table of seconds and memory, which no two runs have alike."""
    return hashlib.sha256(re.sub(rb'<section id="costs".*?</section>', b"", page.read_bytes(), flags=re.S)).hexdigest()


Scenario = Callable[[World], list[str]]  # the command of a verb, its run folder world.run
