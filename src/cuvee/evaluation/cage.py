"""The other side of ``sandbox.py``: a process of its own that fences itself in and then runs one program.

Started as a script, with the standard library only. It reads its orders as JSON from standard input, gives up what it may do
(limits, capabilities, files, system calls), runs the program, and writes the verdict to the file descriptor it was given.
"""

import ctypes
import errno
import json
import os
import re
import resource
import struct
import sys
import sysconfig

# Landlock's rights on files, by bit
WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_REG, TRUNCATE = (
    1 << bit for bit in (1, 2, 3, 4, 5, 7, 8, 14)
)
READ = READ_FILE | READ_DIR
OWN = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | TRUNCATE
HANDLED = {1: 13, 2: 14, 3: 15, 4: 15}  # rights that a version of Landlock knows; later ones know 16
OUTSIDE = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/zoneinfo")
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446

SystemCall = tuple[int | None, int | None]  # its number on x86-64 and on Arm 64, None where one does not exist


def _calls(listed: str) -> tuple[SystemCall, ...]:
    """Return the system calls of a list, each written x86-64/Arm 64, - for one that does not exist; other words are notes."""
    known = [found.groups() for found in re.finditer(r"(\d+|-)/(\d+|-)", listed)]
    return tuple((None if x86 == "-" else int(x86), None if arm == "-" else int(arm)) for x86, arm in known)


# System calls that are refused. Numbers below 424 differ between the two architectures.
REFUSED = _calls(
    """
    the network, and sockets altogether:
      41/198 42/203 43/202 44/206 46/211 49/200 50/201 53/199 288/242 307/269
    other processes: clone, fork, vfork, execve, execveat, kill, tkill, tgkill, sigqueue, ptrace, process_vm_*, kcmp:
      56/220 57/- 58/- 59/221 322/281 62/129 200/130 234/131 129/138 297/240 101/117 310/270 311/271 312/272 424/424
      434/434 438/438 440/440
    mounts, roots, namespaces:
      165/40 166/39 155/41 161/51 272/97 308/268 428/428 429/429 430/430 431/431 432/432 433/433 442/442
    the kernel: bpf, perf, userfaultfd, io_uring, keys, modules, kexec, reboot, swap, names, clocks, accounting, ports:
      321/280 298/241 323/282 425/425 426/426 427/427 248/217 249/218 250/219 175/105 313/273 176/106 246/104 320/294
      169/142 167/224 168/225 170/161 171/162 164/170 227/112 159/171 305/266 163/89 172/- 173/- 135/92
    limits and priorities of its own or of others: setrlimit, prlimit64, setpriority, sched_setaffinity:
      160/164 302/261 141/140 203/122
    memory and queues that outlive it: memfd_create, shmget, msgget, semget, mq_open:
      319/279 29/194 68/186 64/190 240/180
    modes, owners, times, attributes, truncation by name: Landlock does not guard them:
      90/- 91/52 268/53 452/452 92/- 93/55 94/- 260/54 132/- 235/- 261/- 280/88 188/5 189/6 190/7 197/14 198/15
      199/16 76/45 133/33 259/33
    """
)
# Refused as well where there is no Landlock: rename, mkdir, rmdir, creat, link, unlink, symlink and their *at forms
NAMES = _calls(
    """
      82/- 83/- 84/- 85/- 86/- 87/- 88/- 258/34 263/35 264/38 265/37 266/36 316/276
    """
)
UNKNOWN = ((435, 435), (437, 437))  # clone3 and openat2 hide their flags: "not there", so that libraries fall back
OPENAT, OPEN = (257, 56), (2, None)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
LOAD, JUMP_EQUAL, JUMP_FROM, JUMP_SET, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000

libc = ctypes.CDLL(None, use_errno=True)


def limit(orders: dict[str, int]) -> None:
    """Set the limits that hold for this process: none can be raised again."""
    named = {
        resource.RLIMIT_AS: orders["memory"],
        resource.RLIMIT_CPU: orders["cpu"],
        resource.RLIMIT_FSIZE: orders["file"],
        resource.RLIMIT_NOFILE: 32,
        resource.RLIMIT_NPROC: 1,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in named.items():
        resource.setrlimit(kind, (most, most))


def fence(folder: str) -> None:
    """Give up capabilities, files outside ``folder`` (but for Python's own, to read) and the system calls above."""
    place, architecture = ARCHITECTURES[os.uname().machine]
    _ask(libc.prctl, 38, 1, 0, 0, 0)  # no new privileges
    guarded = _landlock(folder)
    _ask(libc.syscall, (126, 91)[place], struct.pack("=Ii", 0x20080522, 0), bytes(24))  # capset: none
    steps = [(LOAD, 0, 0, 4), (JUMP_EQUAL, 1, 0, architecture), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0)]
    if place == 0:
        steps += _refusing((JUMP_FROM, 0x40000000), errno.EPERM)  # the 32-bit-pointer twins of all calls
    refused = REFUSED if guarded else REFUSED + NAMES
    steps += [step for pair in refused for step in _call(pair[place], errno.EPERM)]
    steps += [step for pair in UNKNOWN for step in _call(pair[place], errno.ENOSYS)]
    if not guarded:
        steps += _opening(OPEN[place], 24) + _opening(OPENAT[place], 32)
    steps.append((RETURN, 0, 0, ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = struct.pack("@HP", len(steps), ctypes.addressof(code))
    _ask(libc.prctl, 22, 2, program, 0, 0)  # seccomp, by filter


def _landlock(folder: str) -> bool:
    """Close the file system but for what is named; return False where the kernel has no Landlock."""
    version = libc.syscall(CREATE_RULESET, None, 0, 1)
    if version < 1:
        return False
    rights = (1 << HANDLED.get(version, 16)) - 1
    ruleset = _ask(libc.syscall, CREATE_RULESET, struct.pack("=Q", rights), 8, 0)
    paths = sysconfig.get_paths()
    python = [sys.base_prefix, sys.prefix, paths["stdlib"], paths["platstdlib"], *OUTSIDE]
    allowed = [(path, READ) for path in python if path != "/"]
    allowed += [(folder, OWN), ("/dev/null", READ_FILE | WRITE_FILE), ("/dev/urandom", READ_FILE)]
    for path, right in allowed:
        if os.path.exists(path):  # noqa: PTH110 (pathlib is not needed here)
            opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
            rule = struct.pack("=Qi", right & rights, opened)
            _ask(libc.syscall, ADD_RULE, ruleset, 1, rule, 0)
            os.close(opened)
    _ask(libc.syscall, RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    return True


def _call(number: int | None, error: int) -> list[tuple[int, int, int, int]]:
    return [] if number is None else _refusing((JUMP_EQUAL, number), error)


def _refusing(test: tuple[int, int], error: int) -> list[tuple[int, int, int, int]]:
    return [(test[0], 0, 1, test[1]), (RETURN, 0, 0, REFUSE | error)]


def _opening(number: int | None, flags: int) -> list[tuple[int, int, int, int]]:
    """Refuse to open a file for writing; ``flags`` is the place of that argument."""
    if number is None:
        return []
    back = (LOAD, 0, 0, 0)
    return [(JUMP_EQUAL, 0, 4, number), (LOAD, 0, 0, flags), *_refusing((JUMP_SET, WRITING), errno.EPERM), back]


def _ask(function: "ctypes._CFuncPtr", *arguments: object) -> int:  # type: ignore[name-defined]
    found: int = function(*arguments)
    if found < 0:
        raise OSError(ctypes.get_errno(), f"the fence cannot be put up: {os.strerror(ctypes.get_errno())}")
    return found


def main() -> None:
    """Read the orders, put up the fence, run the program, tell the verdict."""
    orders = json.loads(sys.stdin.buffer.read())
    tell, secret = orders["tell"], orders["secret"].encode()
    try:
        limit(orders["limits"])
        fence(os.getcwd())  # noqa: PTH109
        exec(compile(orders["program"], "program.py", "exec"), {"__name__": "__main__"})
    except BaseException as wrong:  # noqa: BLE001 (whatever the program raises is its verdict)
        reason = f"{type(wrong).__name__}: {wrong}".removesuffix(": ")[:300]
        os.write(tell, b"failed " + secret + reason.encode("utf-8", "replace"))
        os._exit(1)
    os.write(tell, b"passed " + secret)
    os._exit(0)


if __name__ == "__main__":
    main()
