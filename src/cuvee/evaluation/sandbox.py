"""Programs that nobody has read, run where they can do no harm.

One process per program, fenced by ``cage.py`` before the program is compiled: no sockets, no other processes, no capabilities,
files to be written only in an empty temporary folder (Landlock; nowhere at all on a kernel without it), limits on wall time,
CPU time, memory and file size (seccomp and rlimits). It needs no privileges and no container, and it is tried out before use.
"""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import orjson

from cuvee.errors import ConfigError

CAGE = Path(__file__).with_name("cage.py")
PROBE = """
import os, socket, threading
def fork():
    if not os.fork():
        os._exit(0)
attempts = {
    "a socket": socket.socket,
    "another process": fork,
    "another program": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "a file outside": lambda: open("../outside", "w"),
    "a link outside": lambda: os.symlink("x", "../link"),
    "a signal": lambda: os.kill(os.getppid(), 0),
}
for what, attempt in attempts.items():
    try:
        attempt()
    except OSError:
        continue
    raise RuntimeError(f"{what} is not stopped")
"""


@dataclass(frozen=True)
class Limits:
    """seconds: wall time. cpu: seconds of CPU time. memory: bytes of address space. file: bytes of one file. folder: bytes
    of all files together.
    """

    seconds: float = 10.0
    cpu: int = 5
    memory: int = 512 << 20
    file: int = 1 << 20
    folder: int = 16 << 20


@dataclass(frozen=True)
class Ran:
    """Whether a program ran to its end without an error; if not, why."""

    passed: bool
    reason: str


@cache
def check() -> None:
    """Raise ConfigError unless the fence holds on this machine: a program that tries to get out is run once."""
    if not sys.platform.startswith("linux"):
        raise ConfigError("--run-code needs Linux: only there can programs be fenced", "run it in a Linux container")
    ran = run(PROBE, Limits())
    if not ran.passed:
        raise ConfigError(f"--run-code: programs cannot be fenced here: {ran.reason}", "run it on another machine")


def run(program: str, limits: Limits) -> Ran:
    """Run a Python program (standard library only) to its end; what it prints is thrown away."""
    with tempfile.TemporaryDirectory(prefix="cuvee-code-") as root:
        folder = Path(root) / "empty"
        folder.mkdir()
        read_end, write_end = os.pipe()
        with os.fdopen(read_end, "rb") as verdict:
            try:
                process = _start(folder, write_end)
            finally:
                os.close(write_end)
            secret = secrets.token_hex(16)
            order = {"program": program, "secret": secret, "tell": write_end, "limits": asdict(limits)}
            cut_off = _wait(process, orjson.dumps(order), folder, limits)
            told = verdict.read(4_096)
    return _judged(told, secret.encode(), cut_off, process.returncode)


def _start(folder: Path, write_end: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-s", "-S", "-P", "-B", str(CAGE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env={"PYTHONHASHSEED": "0"},
        pass_fds=(write_end,),
        start_new_session=True,
    )


def _wait(process: "subprocess.Popen[bytes]", order: bytes, folder: Path, limits: Limits) -> str:
    """Hand over the order and wait; return why the process was killed, "" if it was not."""
    assert process.stdin is not None
    end, reason = time.monotonic() + limits.seconds, ""
    try:
        with suppress(BrokenPipeError):
            process.stdin.write(order)
            process.stdin.close()
        pause = 0.002
        while process.poll() is None and not reason:
            reason = "out of wall time" if time.monotonic() > end else _overfull(folder, limits.folder)
            time.sleep(pause)
            pause = min(0.05, pause * 1.5)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return reason


def _overfull(folder: Path, most: int) -> str:
    held = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                held += max(4_096, (Path(place) / name).lstat().st_size)
            if held > most:
                return "out of disk space"
    return ""


def _judged(told: bytes, secret: bytes, cut_off: str, code: int) -> Ran:
    if cut_off:
        return Ran(False, cut_off)
    if told == b"passed " + secret:
        return Ran(True, "")
    if told.startswith(b"failed " + secret):
        return Ran(False, told.removeprefix(b"failed " + secret).decode("utf-8", "replace"))
    if code == -signal.SIGXCPU or code == -signal.SIGKILL:
        return Ran(False, "out of CPU time")
    return Ran(False, f"killed by {signal.Signals(-code).name}" if code < 0 else "it left before its tests had run")
