"""Programs that try to get out, to forge a verdict, or to use up the machine: see escapes.py. Each runs in the real cage."""

import os
import secrets
import sys
import time
from pathlib import Path

import pytest
from tests.evaluation.escapes import CALLS, FORGERIES, GREEDY, METADATA, SLOW, STATEMENTS

from cuvee.evaluation import sandbox
from cuvee.evaluation.sandbox import Limits, run

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="programs are fenced on Linux only")
ROOMY = Limits(seconds=60)
X86 = os.uname().machine == "x86_64"
HEAD = f"""
import ctypes, errno, fcntl, os, resource, signal, socket, struct, subprocess, sys, time
libc = ctypes.CDLL(None, use_errno=True)
fd = 3
while True:
    try: os.fstat(fd); break
    except OSError: fd += 1
def call(x86, arm, *arguments):
    found = libc.syscall(x86 if {X86} else arm, *arguments)
    if found < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return found
def stopped(attempt):
    try:
        attempt()
    except OSError as wrong:
        return errno.errorcode.get(wrong.errno, str(wrong.errno))
    return "out"
"""
WORDS = {
    "READY": "SAY('[[\"ready\"], []]')",
}
SPEAK = """
import os
def OUT(raw):
    for fd in range(3, 64):
        try: os.write(fd, raw)
        except OSError: pass
def SAY(text):
    raw = text.encode() if isinstance(text, str) else text
    OUT(len(raw).to_bytes(8, "little") + raw)
"""
WALLS = ("EPERM", "EACCES", "ENOENT", "EROFS", "EXDEV")
LINES = [line for line in CALLS.splitlines() if line.strip()]


def attempts(line: str) -> list[str]:
    """Return the calls of a line that this architecture has, as the arguments of ``tried``."""
    found = []
    for one in line.split("|"):
        name, numbers, *arguments = one.split()
        number = int(numbers.split("/")[0 if X86 else 1])
        if number:
            found.append(f"{name!r}, {number}, {''.join(arguments)}")
    return found


@pytest.mark.parametrize("line", LINES, ids=lambda line: str(line).split()[0])
def test_system_calls_that_python_does_not_need_are_refused(line: str) -> None:
    program = f"{HEAD}\ndef attempt(name, number, *given):\n return stopped(lambda: call(number, number, *given))"
    tests = "def tried(*case):\n    found = attempt(*case)\n    assert found == 'EPERM', (case, found)\n"
    tests += "\n".join(f"tried({case})" for case in attempts(line))
    assert run(program, tests, ROOMY, entry="attempt") == sandbox.Ran(True, "")


def is_stopped(statement: str) -> None:
    body = statement.replace("\n", "\n  ")
    program = f"{HEAD}\ndef attempt():\n def escape():\n  {body}\n return stopped(escape)"
    ran = run(program, f"found = attempt()\nassert found in {WALLS}, found", ROOMY, entry="attempt")
    assert ran == sandbox.Ran(True, "")


@pytest.mark.parametrize("what", STATEMENTS)
def test_what_reaches_outside_is_stopped(what: str) -> None:
    is_stopped(STATEMENTS[what])


@pytest.mark.parametrize("what", METADATA)
def test_nothing_can_be_asked_about_what_lies_outside(what: str) -> None:
    if not has_its_own_root():
        pytest.skip("this kernel gives no root of one's own: names outside can be asked about")
    is_stopped(METADATA[what])


def has_its_own_root() -> bool:
    return run("import os\ndef where(): return os.getcwd()", "assert where() == '/own'", ROOMY, entry="where").passed


@pytest.mark.parametrize("what", FORGERIES)
def test_a_verdict_cannot_be_forged(what: str) -> None:
    if what == "calls of another architecture" and not X86:
        pytest.skip("machine code of x86-64")
    secret = secrets.token_hex(16)
    code = (
        SPEAK
        + FORGERIES[what].replace("READY", WORDS["READY"])
        + "\nif 'answer' not in globals():\n def answer(): return 0"
    )
    tests = (
        f"secret = {secret!r}\ntry:\n    found = answer()\nexcept Exception:\n    found = None\nassert found == secret"
    )
    ran = run(code, tests, Limits(seconds=20, cpu=1, memory=64 << 20), entry="answer")
    assert not ran.passed
    assert secret not in ran.reason


@pytest.mark.parametrize("what", GREEDY)
def test_what_uses_up_its_share_is_told_so(what: str) -> None:
    body = GREEDY[what].replace("\n", "\n ")
    code = f"import os, signal, time\ndef attempt():\n {body}"
    tests = "try:\n    attempt()\nexcept (OSError, MemoryError, RuntimeError):\n    raise ValueError('stopped')"
    start = time.monotonic()
    assert run(code, tests, Limits(seconds=30, cpu=5), entry="attempt") == sandbox.Ran(False, "ValueError: stopped")
    assert time.monotonic() - start < 25


@pytest.mark.parametrize("what", SLOW)
def test_the_verdict_comes_in_time(what: str) -> None:
    code = f"{HEAD}{SPEAK}\ndef attempt():\n {SLOW[what]}"
    start = time.monotonic()
    assert not run(code, "attempt()", Limits(seconds=1.2, cpu=1), entry="attempt").passed
    assert time.monotonic() - start < 5


def test_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    code = "import os, tempfile\ndef fill():\n open('a', 'w').write('x'); os.mkdir('b'); return os.listdir()"
    here = sorted(path.name for path in Path(sandbox.HERE / "cage").iterdir())
    assert run(code, "assert sorted(fill()) == ['a', 'b']", ROOMY, entry="fill").passed or not has_its_own_root()
    assert not list(tmp_path.iterdir())
    assert sorted(path.name for path in Path(sandbox.HERE / "cage").iterdir()) == here


def test_at_least_a_hundred_programs() -> None:
    assert len(LINES) + len(STATEMENTS) + len(METADATA) + len(FORGERIES) + len(GREEDY) + len(SLOW) >= 100


def test_without_the_filter_the_suite_would_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cage whose walls are not put up: harmless escapes succeed, so the tests above can fail; and --run-code refuses."""
    import shutil

    from cuvee.errors import ConfigError

    shutil.copytree(sandbox.HERE / "cage", tmp_path / "cage")
    walls = tmp_path / "cage/walls.py"
    walls.write_text(walls.read_text().replace("    place()\n", "    return\n", 1))
    monkeypatch.setattr(sandbox, "HERE", tmp_path)
    for what in ("reading the users", "signals of a pipe to another", "a file that signals", "a copy of a pipe"):
        with pytest.raises(AssertionError, match="out"):
            is_stopped(STATEMENTS[what].replace("'a'", repr(str(tmp_path / "a"))))
    with pytest.raises(ConfigError, match="cannot be fenced here"):
        sandbox.check.__wrapped__()
