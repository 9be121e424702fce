"""Tables, read by another process: one that is damaged may kill its reader, take all memory or never end."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from signal import Signals

import orjson

from cuvee.errors import InputError
from cuvee.samples.raw import Raw

# Seconds without a row (a batch of the largest tables takes one), but those in which it waited for a processor: on a busy
# machine a table is no worse.
PATIENCE = 25.0
GLANCE = 1.0  # seconds between looks at it, at most
BLOCK = 1 << 20


class DamagedError(InputError):
    """A file that is damaged: nothing of it can be read, or nothing behind some row."""


def rows(files: list[Path], most: int) -> Iterator[Raw]:
    """Yield the rows of Parquet and Arrow files, one after another, counted through.

    Raises DamagedError where no row can be read; where some can, what is wrong is the last row's error.
    """
    reader = _IDLE.pop() if _IDLE else _TableReader()
    number, wrong, done = 0, None, False
    try:
        for line in reader.ask(files, most):
            if line[:1] in (b"+", b"-"):
                number += 1
                yield _raw(number, line)
            elif line[:1] == b"!":
                wrong = orjson.loads(line[1:])
        _IDLE.append(reader)
        done = True
    except _DiedError as died:
        wrong = [f"{files[0]} is damaged: {died}", "fetch or write it again"]
    finally:
        if not done:
            reader.kill()
    if wrong and not number:
        raise DamagedError(*wrong)
    if wrong:
        yield Raw(number + 1, b"", None, f"nothing from here on can be read: {wrong[0]}")


def _raw(number: int, line: bytes) -> Raw:
    if line[:1] == b"+":
        return Raw(number, line[1:], orjson.loads(line[1:]))
    error, start = orjson.loads(line[1:])
    return Raw(number, start.encode(), None, error)


class _DiedError(Exception):
    """The reader ended, or says nothing any more."""


class _TableReader:
    """A process that reads tables, one list of files after another; it ends when this one does."""

    def __init__(self) -> None:
        paths = os.pathsep.join(path for path in sys.path if path)
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cuvee.samples.table_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for this process
            env={"PATH": os.defpath, "PYTHONPATH": paths, "ARROW_DEFAULT_MEMORY_POOL": "system", "LC_ALL": "C.UTF-8"},
        )

    def ask(self, files: list[Path], most: int) -> Iterator[bytes]:
        """Yield the lines of the answer, its last one too. Raises _DiedError."""
        assert self.process.stdin is not None
        asked = orjson.dumps([[list(os.fsencode(path.absolute())) for path in files], most])
        try:
            self.process.stdin.write(asked + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise _DiedError(self._end()) from None
        begun = [b""]
        while True:
            first, *lines = self._read().split(b"\n")
            begun.append(first)
            if lines:
                yield b"".join(begun)
                yield from lines[:-1]
                last = lines[-2] if len(lines) > 1 else b"".join(begun)
                begun = [lines[-1]]
                if last[:1] in (b".", b"!"):
                    return

    def _read(self) -> bytes:
        assert self.process.stdout is not None
        waiting = select.poll()
        waiting.register(self.process.stdout, select.POLLIN)
        begin = time.monotonic() - self._queued()
        while not waiting.poll(1_000 * min(GLANCE, PATIENCE)):
            if time.monotonic() - self._queued() - begin > PATIENCE:
                raise _DiedError(f"its reader said nothing for {PATIENCE:.0f} seconds")
        block = os.read(self.process.stdout.fileno(), BLOCK)
        if not block:
            raise _DiedError(self._end())
        return block

    def _queued(self) -> float:
        """Return the seconds that it has waited for a processor, 0 where the system does not tell."""
        try:
            _, nanoseconds, _ = Path(f"/proc/{self.process.pid}/schedstat").read_text().split()
        except (OSError, ValueError):
            return 0.0
        return int(nanoseconds) / 1e9

    def _end(self) -> str:
        code = self.process.wait()
        return f"its reader was killed by it ({Signals(-code).name})" if code < 0 else f"its reader ended ({code})"

    def kill(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                with suppress(BrokenPipeError):  # what was asked last was never read
                    pipe.close()


_IDLE: list[_TableReader] = []  # readers that wait for the next table: one takes half a second to start
os.register_at_fork(after_in_child=_IDLE.clear)
