"""System calls that Python has no name for."""

import ctypes
import os

PLACES = {"x86_64": 0, "aarch64": 1}  # where an architecture's number stands in "x86-64/Arm 64"
SET_PARENT_DEATH_SIGNAL, SET_NO_NEW_PRIVILEGES, SET_SECCOMP = 1, 38, 22
CAPSET = (126, 91)

libc = ctypes.CDLL(None, use_errno=True)


def place() -> int:
    """Return 0 on x86-64 and 1 on Arm 64. Raises OSError on any other machine."""
    machine = os.uname().machine
    if machine not in PLACES:
        raise OSError(f"the fence is not known for {machine}: only for {', '.join(PLACES)}")
    return PLACES[machine]


def ask(what: str, found: int) -> int:
    """Return what a call to libc returned. Raises OSError that says what was asked, where it failed."""
    if found < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"the fence cannot be put up: {what}: {os.strerror(number)}")
    return found
