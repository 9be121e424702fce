"""A root folder of its own, where the kernel gives one: what lies outside has no name in it, not even one to ask about.

It holds what Python needs, to read, and one empty folder in memory, whose size and number of entries the kernel limits. All of
it goes with the process: nothing is left on the disk, however many folders were made, however deep.
"""

import os
import sys
import sysconfig
from collections.abc import Sequence

from .kernel import ask, libc, place

OUTSIDE = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/zoneinfo")
DEVICES = ("/dev/null", "/dev/urandom")
FOLDER = "/own"
NEW_USER, NEW_MOUNTS = 0x10000000, 0x00020000
NO_SUID, NO_DEV, BIND, RECURSIVE, PRIVATE, DETACH = 0x2, 0x4, 0x1000, 0x4000, 0x40000, 2
PIVOT_ROOT = (155, 41)


def readable() -> list[str]:
    """Return the folders that Python reads: its library, and the shared libraries of the system."""
    paths = sysconfig.get_paths()
    python = [paths["stdlib"], paths["platstdlib"], f"{sys.base_prefix}/lib"]
    return [path for path in dict.fromkeys([*OUTSIDE, *python]) if os.path.isdir(path)]  # noqa: PTH112 (few imports)


def enter(size: int, entries: int) -> bool:
    """Move into a root of its own, into an empty folder; return False where the kernel does not give one.

    size: bytes of that folder's files together. entries: files and folders in it, at most.
    """
    try:
        _unshare()
        _mount(None, "/", None, RECURSIVE | PRIVATE)
    except OSError:  # a kernel, or a container, may keep this to itself: then Landlock is the wall
        return False
    here = os.path.dirname(__file__)  # noqa: PTH120 (some folder to mount on; nobody else sees it)
    _mount("cage", here, "tmpfs", NO_SUID | NO_DEV, "mode=0700")
    for path in _outermost(readable()):
        os.makedirs(here + path)  # noqa: PTH103
        _mount(path, here + path, None, BIND | RECURSIVE)
    os.mkdir(f"{here}/dev")  # noqa: PTH102
    for path in DEVICES:
        os.close(os.open(here + path, os.O_CREAT | os.O_WRONLY))
        _mount(path, here + path, None, BIND)
    os.mkdir(here + FOLDER)  # noqa: PTH102
    _mount("own", here + FOLDER, "tmpfs", NO_SUID | NO_DEV, f"mode=0700,size={size},nr_inodes={entries + 1}")
    os.chdir(here)
    ask("pivot_root", libc.syscall(PIVOT_ROOT[place()], b".", b"."))
    ask("umount", libc.umount2(b".", DETACH))
    os.chdir(FOLDER)
    return True


def _unshare() -> None:
    """Leave the mounts of all others, as a user of a namespace of its own, or else as the root that it is."""
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(NEW_USER | NEW_MOUNTS) < 0:
        ask("unshare", libc.unshare(NEW_MOUNTS))
        return
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123
            file.write(text)


def _outermost(paths: Sequence[str]) -> list[str]:
    return [path for path in paths if not any(path.startswith(f"{other}/") for other in paths)]


def _mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    words = [None if word is None else os.fsencode(word) for word in (source, target, kind, options)]
    ask(f"mount on {target}", libc.mount(*words[:3], flags, words[3]))
