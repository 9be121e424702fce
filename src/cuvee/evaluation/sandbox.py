"""Programs that nobody has read, run where they can do no harm, and judged from outside.

Two processes per program (``cage/``): one holds the program, the other runs its tests and calls it, as one calls a server. Both
fence themselves in before they compile anything: no sockets, no other processes, no capabilities, no files but Python's own and
one small folder in memory, and of system calls only those that CPython needs. The verdict comes by a pipe that the program's
process does not have. It needs no privileges and no container, and it is tried out before use.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

from cuvee.errors import ConfigError

HERE = Path(__file__).parent
Order = dict[str, object]  # what one half is told: see ``cage/__main__.py``
LONGEST = 4_096  # bytes of a verdict
PROBE = """
import fcntl, os, socket
def fork():
    if not os.fork():
        os._exit(0)
def signal():
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
ATTEMPTS = {
    "a socket": socket.socket,
    "another process": fork,
    "another program": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "a file outside": lambda: open("../outside", "w"),
    "reading outside": lambda: open("/etc/passwd"),
    "a link outside": lambda: os.symlink("x", "../link"),
    "a signal": lambda: os.kill(1, 0),
    "a signal from a file": signal,
}
def stopped():
    return [what for what in ATTEMPTS if not stops(ATTEMPTS[what])]
def stops(attempt):
    try:
        attempt()
    except OSError:
        return True
    return False
"""
PROBED = 'open_ways = stopped()\nassert not open_ways, f"{open_ways[0]} is not stopped"'


@dataclass(frozen=True)
class Limits:
    """Of each of the two processes. seconds: wall time of both together. cpu: seconds of CPU time. memory: bytes of address
    space. file: bytes of one file. folder: bytes of all files together. entries: files and folders.
    """

    seconds: float = 10.0
    cpu: int = 5
    memory: int = 512 << 20
    file: int = 1 << 20
    folder: int = 16 << 20
    entries: int = 256


@dataclass(frozen=True)
class Ran:
    """Whether a program passed its tests; if not, why."""

    passed: bool
    reason: str


@cache
def check() -> None:
    """Raise ConfigError unless the fence holds on this machine: a program that tries to get out is run once."""
    if not sys.platform.startswith("linux"):
        raise ConfigError("--run-code needs Linux: only there can programs be fenced", "run it in a Linux container")
    ran = run(PROBE, PROBED, Limits(), entry="stopped")
    if not ran.passed:
        raise ConfigError(f"--run-code: programs cannot be fenced here: {ran.reason}", "run it on another machine")


def run(code: str, tests: str, limits: Limits, *, entry: str, prelude: str = "") -> Ran:
    """Run a Python program (standard library only) against its tests; what both print is thrown away.

    code: the program. entry: the function of it that is tested, by name or as an expression. tests: a program that calls it,
    as ``entry`` where that is a name and as ``candidate``, and ends without an error where it is right. prelude: what else the
    tests need. Arguments and results go as plain data (``cage/wire.py``); what cannot go, or is never called, has not passed.
    """
    end = time.monotonic() + limits.seconds
    both: Order = {"limits": asdict(limits), "entry": entry}
    with ExitStack() as stack:
        ask_out, ask_in, answer_out, answer_in, verdict_out, verdict_in = _pipes(stack, 3)
        answering = both | {"code": code, "read": ask_out.fileno(), "write": answer_in.fileno()}
        judging = both | {"prelude": prelude, "tests": tests, "read": answer_out.fileno(), "write": ask_in.fileno()}
        untrusted = _start(stack, answering, (ask_out, answer_in))
        trusted = _start(stack, judging | {"verdict": verdict_in.fileno()}, (answer_out, ask_in, verdict_in))
        for theirs in (ask_out, ask_in, answer_out, answer_in, verdict_in):
            theirs.close()
        return _judged(_told(verdict_out.fileno(), end), untrusted, trusted)


def _pipes(stack: ExitStack, count: int) -> list[BinaryIO]:
    """Return the ends of pipes, the one to read from and the one to write to in turn."""
    ends: list[BinaryIO] = []
    for _ in range(count):
        reading, writing = os.pipe()
        ends += [stack.enter_context(os.fdopen(reading, "rb", 0)), stack.enter_context(os.fdopen(writing, "wb", 0))]
    return ends


def _start(stack: ExitStack, order: Order, ends: tuple[BinaryIO, ...]) -> "subprocess.Popen[bytes]":
    """Start one half with these ends and no others, and hand it its order; it is killed when the stack is left."""
    process = subprocess.Popen(
        [sys.executable, "-s", "-S", "-P", "-m", "cage"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={"PYTHONHASHSEED": "0", "PYTHONPATH": str(HERE)},
        pass_fds=[end.fileno() for end in ends],
        start_new_session=True,
    )
    stack.callback(process.wait)
    stack.callback(process.kill)
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin:
        process.stdin.write(json.dumps(order).encode())
    return process


def _told(verdict: int, end: float) -> bytes | None:
    """Return what comes through the verdict's pipe until it is closed, None where that takes too long."""
    told = b""
    while (left := end - time.monotonic()) > 0 and len(told) <= LONGEST:
        if select.select([verdict], [], [], left)[0]:
            part = os.read(verdict, LONGEST)
            if not part:
                return told
            told += part
    return None if left <= 0 else b""


def _judged(told: bytes | None, code: "subprocess.Popen[bytes]", tests: "subprocess.Popen[bytes]") -> Ran:
    if told is None:
        return Ran(False, "out of wall time")
    try:
        found = json.loads(told)
        ran = Ran(found["passed"] is True, str(found["reason"]))
    except (ValueError, KeyError, TypeError):
        return Ran(False, f"its tests: {_end(tests) or 'they left'}")
    if ran.passed or not ran.reason.startswith("it left"):
        return ran
    return Ran(False, _end(code) or ran.reason)


def _end(process: "subprocess.Popen[bytes]") -> str:
    """Return which limit or signal ended a process, "" where it ended by itself."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(1)
    code = process.returncode
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return "out of CPU time"
    return f"killed by {signal.Signals(-code).name}" if code is not None and code < 0 else ""
