"""Which system calls a process may make: those that CPython needs to run a program, no others (seccomp, as a BPF program).

What is not listed fails with EPERM, so calls that a later kernel brings are closed as well. There is no other process
(clone, fork, execve, kill, ptrace), no socket, no way to have a signal sent (F_SETOWN, F_SETSIG, O_ASYNC, timers), no change
of modes, owners, times, limits or folders, and no memory or queue that outlives the process.
"""

import ctypes
import errno
import re
import struct

from .kernel import SET_SECCOMP, ask, libc, place

Steps = list[tuple[int, int, int, int]]  # of BPF: code, jump if true, jump if false, constant

ALLOWED = """
  files that are open:     read 0/63 write 1/64 close 3/57 fstat 5/80 lseek 8/62 pread64 17/67 pwrite64 18/68 readv 19/65
                           writev 20/66 fsync 74/82 fdatasync 75/83 ftruncate 77/46 getdents64 217/61
  names, which Landlock and the root of its own guard:
                           stat 4/- lstat 6/- newfstatat 262/79 statx 332/291 access 21/- faccessat 269/48
                           faccessat2 439/439 readlink 89/- readlinkat 267/78 getcwd 79/17 rename 82/- renameat 264/38
                           renameat2 316/276 mkdir 83/- mkdirat 258/34 rmdir 84/- unlink 87/- unlinkat 263/35
  waiting for files:       poll 7/- ppoll 271/73 select 23/- pselect6 270/72
  memory:                  mmap 9/222 mprotect 10/226 munmap 11/215 brk 12/214 mremap 25/216 madvise 28/233
  its own signals:         rt_sigaction 13/134 rt_sigprocmask 14/135 rt_sigreturn 15/139 sigaltstack 131/132
  time:                    nanosleep 35/101 clock_nanosleep 230/115 restart_syscall 219/128 gettimeofday 96/169 time 201/-
                           clock_gettime 228/113 clock_getres 229/114 times 100/153 getrusage 98/165
  who it is:               getpid 39/172 gettid 186/178 getuid 102/174 geteuid 107/175 getgid 104/176 getegid 108/177
                           uname 63/160
  the rest:                futex 202/98 sched_yield 24/124 getrandom 318/278 exit 60/93 exit_group 231/94
"""
OPENAT, OPEN, FCNTL, IOCTL = (257, 56), (2, None), (72, 25), (16, 29)
PRLIMIT, AFFINITY = (302, 261), (204, 123)
O_PATH, O_ASYNC = 0o10000000, 0o20000  # a file that is not opened, which Landlock does not guard; signals from a file
F_GETFD, F_SETFD, F_GETFL = 1, 2, 3
TCGETS, FIOCLEX = 0x5401, 0x5451  # is it a terminal; closed on exec

ARCHITECTURES = (0xC000003E, 0xC00000B7)
LOAD, JUMP_EQUAL, JUMP_SET, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM


def restrict() -> None:
    """Put up the filter, for good. It needs no privileges where no new privileges can be had any more."""
    steps = program(place())
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    ask("seccomp", libc.prctl(SET_SECCOMP, 2, struct.pack("@HP", len(steps), ctypes.addressof(code)), 0, 0))


def program(column: int) -> Steps:
    """Return the filter for an architecture: 0 for x86-64, 1 for Arm 64."""
    steps = [(LOAD, 0, 0, 4), (JUMP_EQUAL, 1, 0, ARCHITECTURES[column]), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0)]
    for pair in numbers():
        steps += _when(pair[column], [(RETURN, 0, 0, ALLOW)])
    steps += _when(OPENAT[column], _without(2, O_PATH | O_ASYNC))
    steps += _when(OPEN[column], _without(1, O_PATH | O_ASYNC))
    steps += _when(FCNTL[column], _among(1, (F_GETFD, F_SETFD, F_GETFL)))
    steps += _when(IOCTL[column], _among(1, (TCGETS, FIOCLEX)))
    steps += _when(AFFINITY[column], _among(0, (0,)))
    steps += _when(
        PRLIMIT[column], [*_zero(0), *_zero(2), *_zero(2, high=True), (RETURN, 0, 0, ALLOW)]
    )  # its own, to read
    return [*steps, (RETURN, 0, 0, REFUSE)]


def numbers() -> list[tuple[int | None, int | None]]:
    """Return the numbers of ``ALLOWED`` on x86-64 and on Arm 64, None where there is no such call."""
    known = re.findall(r"(\d+|-)/(\d+|-)", ALLOWED)
    return [(None if x86 == "-" else int(x86), None if arm == "-" else int(arm)) for x86, arm in known]


def _when(number: int | None, then: Steps) -> Steps:
    """Return the steps for one call; ``then`` must return."""
    return [] if number is None else [(JUMP_EQUAL, 0, len(then), number), *then]


def _among(argument: int, values: tuple[int, ...]) -> Steps:
    allowed: Steps = [step for value in values for step in ((JUMP_EQUAL, 0, 1, value), (RETURN, 0, 0, ALLOW))]
    return [_argument(argument), *allowed, (RETURN, 0, 0, REFUSE)]


def _without(argument: int, bits: int) -> Steps:
    return [_argument(argument), (JUMP_SET, 0, 1, bits), (RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW)]


def _zero(argument: int, *, high: bool = False) -> Steps:
    return [_argument(argument, high=high), (JUMP_EQUAL, 1, 0, 0), (RETURN, 0, 0, REFUSE)]


def _argument(number: int, *, high: bool = False) -> tuple[int, int, int, int]:
    """Load half of an argument: both architectures put the low half first."""
    return (LOAD, 0, 0, 16 + 8 * number + 4 * high)
