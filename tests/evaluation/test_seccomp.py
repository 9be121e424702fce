"""The filter, as a machine of a few lines reads it: both architectures, wherever the tests run."""

import struct

import pytest

from cuvee.evaluation.cage.seccomp import ALLOW, ARCHITECTURES, KILL, REFUSE, numbers, program

NAMED = {  # x86-64, Arm 64, by the kernel's tables
    "read": (0, 63),
    "openat": (257, 56),
    "mmap": (9, 222),
    "fcntl": (72, 25),
    "ioctl": (16, 29),
    "prlimit64": (302, 261),
    "socket": (41, 198),
    "clone": (56, 220),
    "execve": (59, 221),
    "kill": (62, 129),
    "ptrace": (101, 117),
    "prctl": (157, 167),
    "futex": (202, 98),
    "getrandom": (318, 278),
    "sched_getaffinity": (204, 123),
    "exit_group": (231, 94),
}


def answer(column: int, call: str | int, *arguments: int, architecture: int | None = None) -> int:
    """Return what the filter says about a call with these arguments."""
    number = NAMED[call][column] if isinstance(call, str) else call
    data = struct.pack("=IIQ6Q", number, architecture or ARCHITECTURES[column], 0, *[*arguments, *([0] * 6)][:6])
    steps, at, value = program(column), 0, 0
    while True:
        code, yes, no, constant = steps[at]
        at += 1
        if code == 0x20:
            value = struct.unpack_from("=I", data, constant)[0]
        elif code == 0x06:
            return constant
        else:
            at += yes if (value == constant if code == 0x15 else value & constant) else no


@pytest.mark.parametrize("column", [0, 1])
def test_what_the_filter_says(column: int) -> None:
    for call in ("read", "mmap", "futex", "getrandom", "exit_group"):
        assert answer(column, call, 2**64 - 1) == ALLOW
    refused: list[str | int] = ["socket", "clone", "execve", "kill", "ptrace", "prctl", 999, 2**31]
    assert {answer(column, call) for call in refused} == {REFUSE}
    assert answer(column, "read", architecture=0x40000003) == KILL  # calls of 32 bits
    assert answer(column, "openat", 0, 0, 0o2102) == ALLOW
    assert answer(column, "openat", 0, 0, 0o10000000) == answer(column, "openat", 0, 0, 0o20002) == REFUSE
    assert [answer(column, "fcntl", 0, command) for command in (0, 1, 2, 3)] == [REFUSE, ALLOW, ALLOW, ALLOW]
    assert {answer(column, "fcntl", 0, command) for command in (4, 8, 10, 15, 1024, 1026, 1030, 1031)} == {REFUSE}
    assert answer(column, "ioctl", 0, 0x5401) == ALLOW
    assert {answer(column, "ioctl", 0, command) for command in (0x5412, 0x5452, 0x8901, 0x5421)} == {REFUSE}
    assert answer(column, "prlimit64", 0, 7, 0, 1) == ALLOW
    assert {answer(column, "prlimit64", *given) for given in ((1, 7, 0), (0, 7, 8), (0, 7, 2**40))} == {REFUSE}
    assert [answer(column, "sched_getaffinity", pid) for pid in (0, 1)] == [ALLOW, REFUSE]


@pytest.mark.parametrize("column", [0, 1])
def test_no_number_stands_twice(column: int) -> None:
    known = [pair[column] for pair in numbers() if pair[column] is not None]
    assert len(known) == len(set(known)) > 50
    assert len(program(column)) < 4096
