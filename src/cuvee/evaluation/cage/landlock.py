"""Landlock: which files a process can reach, for good. Linux 5.13 or later (https://docs.kernel.org/userspace-api/landlock.html)."""

import os
import struct
from collections.abc import Iterable

from .kernel import ask, libc

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
# Rights on files, by bit
WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_REG, REFER, TRUNCATE = (
    1 << bit for bit in (1, 2, 3, 4, 5, 7, 8, 13, 14)
)
READ = READ_FILE | READ_DIR
OWN = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER | TRUNCATE
FILES = {1: 13, 2: 14, 3: 15, 4: 15}  # how many rights on files a version knows; later ones know 16
NETWORK, SCOPES = 0b11, 0b11  # bind, connect (version 4); abstract sockets, signals (version 6)


def version() -> int:
    """Return the version of Landlock that the kernel has, 0 or less where it has none."""
    found: int = libc.syscall(CREATE_RULESET, None, 0, 1)
    return found


def restrict(allowed: Iterable[tuple[str, int]]) -> None:
    """Close the file system but for (path, rights), and the network, signals and abstract sockets where the kernel can.

    Raises OSError where the kernel has no Landlock.
    """
    known = version()
    if known < 1:
        raise OSError("the fence cannot be put up: this kernel has no Landlock (Linux 5.13, lsm=landlock)")
    rights = (1 << FILES.get(known, 16)) - 1
    asked = [rights, *([NETWORK] if known >= 4 else []), *([SCOPES] if known >= 6 else [])]
    attributes = struct.pack(f"={len(asked)}Q", *asked)
    ruleset = ask("Landlock", libc.syscall(CREATE_RULESET, attributes, len(attributes), 0))
    for path, right in allowed:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = struct.pack("=Qi", right & rights, opened)
        ask(f"Landlock on {path}", libc.syscall(ADD_RULE, ruleset, 1, rule, 0))
        os.close(opened)
    ask("Landlock", libc.syscall(RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)
