"""Everything that can go wrong in a foreseen way: one line for a person, and what to do about it.

The command line prints these and exits with code 1; so it does with what the system refuses (OSError). Any other exception is
a defect of ours and keeps its traceback.
"""

import errno
import os

from cuvee.extras import how_to_add

_ADVICE = {
    errno.ENOSPC: "make room on that disk, or name a place on another one; then call the same command again to go on",
    errno.EDQUOT: "make room within your quota, or name a place elsewhere; then call the same command again to go on",
    errno.EFBIG: "a file may not be that large here: raise the limit (`ulimit -f`), or name a place on another disk",
    errno.EACCES: "you may not: change its rights (`ls -ld` shows them), or name another place",
    errno.EPERM: "you may not: change its rights (`ls -ld`, `lsattr -d` show them), or name another place",
    errno.EROFS: "that disk is read-only: name a place on another one",
    errno.ENOENT: "it is not there: look for a slip in the name",
    errno.ENOTDIR: "a part of that path is a file: name another place",
    errno.EEXIST: "something is in the way there: remove it, or name another place",
    errno.EISDIR: "that is a folder: name a file",
    errno.ENOTEMPTY: "something is in the way there: remove it, or name another place",
    errno.ENAMETOOLONG: "shorten the name",
    errno.ELOOP: "links there lead in a circle: mend them, or name another place",
    errno.EIO: "the disk cannot be read or written there: look after it, and name a place on another one",
    errno.EMFILE: "too many files are open: raise the limit (`ulimit -n`)",
    errno.ENFILE: "too many files are open on this machine: try again later",
    errno.ENOMEM: "memory ran out: use a smaller part, or a larger machine",
    errno.ESTALE: "the network disk lost it: call the same command again",
}


class CuveeError(Exception):
    """A foreseen failure. ``message`` says what and where, ``hint`` says what to do; both are shown to the user."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


class InputError(CuveeError):
    """A file or row that cannot be read as instruction data."""


class ConfigError(CuveeError):
    """A setting that does not exist or does not fit."""


class SelectionError(CuveeError):
    """A selection that was asked for cannot be made."""


class ServiceError(CuveeError):
    """A server that does not answer, refuses us, or would cost more than it may."""


class MissingExtraError(CuveeError):
    """A library of an optional extra is not installed."""

    def __init__(self, library: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {library}, which is not installed", how_to_add(extra))
        self.args = (library, extra, purpose)  # so that it can be made again in another process


class SystemRefusedError(CuveeError):
    """What the system refused: a full disk, a folder that may not be written to, a file that cannot be read."""


def refused(wrong: OSError) -> SystemRefusedError:
    """Return the line for what the system refused: which path, why, and what to do."""
    said = str(wrong).removeprefix(f"[Errno {wrong.errno}] ")
    why = os.strerror(wrong.errno) if wrong.errno and wrong.filename else said or type(wrong).__name__
    places = [os.fsdecode(name) for name in (wrong.filename, wrong.filename2) if isinstance(name, str | bytes)]
    return SystemRefusedError(
        ": ".join([*(_shortened(place) for place in places[-1:]), why]), _ADVICE.get(wrong.errno or 0, "")
    )


def _shortened(place: str) -> str:
    return place if len(place) <= 300 else f"{place[:200]}...{place[-80:]}"
