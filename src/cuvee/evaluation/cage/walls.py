"""All walls, in the order in which they must be put up. Once they stand, this process cannot take one down."""

import os
import resource
import signal
import struct
from collections.abc import Mapping

from . import landlock, root, seccomp
from .kernel import CAPSET, SET_NO_NEW_PRIVILEGES, SET_PARENT_DEATH_SIGNAL, ask, libc, place

OPEN_FILES = 32


def put_up(limits: Mapping[str, int]) -> None:
    """Give up everything but computing, reading Python's own files, and writing in one small folder where there is one.

    limits: cpu (seconds), memory (bytes of address space), file (bytes of one), folder (bytes of all), entries.
    Raises OSError where this machine cannot do it; nothing may be run then.
    """
    place()
    own = root.enter(limits["folder"], limits["entries"])
    if not own:
        os.chdir("/")
    ask("no new privileges", libc.prctl(SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    ask("death with cuvee", libc.prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0))
    allowed = [(path, landlock.READ) for path in root.readable()]
    allowed += [("/dev/null", landlock.READ_FILE | landlock.WRITE_FILE), ("/dev/urandom", landlock.READ_FILE)]
    if own:
        allowed.append((root.FOLDER, landlock.OWN))
    landlock.restrict(allowed)
    header, none = struct.pack("=Ii", 0x20080522, 0), bytes(24)
    ask("no capabilities", libc.syscall(CAPSET[place()], header, none))
    _limit(limits)
    seccomp.restrict()


def _limit(limits: Mapping[str, int]) -> None:
    named = {
        resource.RLIMIT_AS: limits["memory"],
        resource.RLIMIT_CPU: limits["cpu"],
        resource.RLIMIT_FSIZE: limits["file"],
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_NPROC: 1,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
    }
    for kind, most in named.items():
        resource.setrlimit(kind, (most, most))
