import gzip
import json
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from cuvee.errors import ConfigError
from cuvee.evaluation import kinds, programs, sandbox
from cuvee.evaluation.sandbox import Limits, Ran, run

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="programs are fenced on Linux only")
ROOMY = Limits(seconds=60)
LIBRARY = (
    "math, re, typing, hashlib, random, datetime, heapq, itertools, statistics, decimal, zoneinfo, tempfile, sqlite3"
)
RAISES = "try:\n    f(1)\nexcept {}:\n    pass\nelse:\n    assert 0"
HUMANEVAL = Path(__file__).parents[2] / "../shared/data/eval/humaneval.jsonl.gz"


def judged(code: str, tests: str, prelude: str = "") -> Ran:
    return run(code, tests, ROOMY, entry="f", prelude=prelude)


def test_the_fence_holds_on_this_machine() -> None:
    sandbox.check()


@pytest.mark.parametrize(
    ("code", "tests"),
    [
        (f"import {LIBRARY}\ndef f(x): return math.sqrt(x)", "assert f(4) == 2"),
        ("def f():\n print('x' * 10**6)", "assert f() is None"),
        ("def f(x):\n x.sort()", "xs = [2, 1]\nf(xs)\nassert xs == [1, 2]"),
        ("def f(x): return x", "x = [1]\nassert f(x) is x"),
        ("def f(x): raise KeyError(x)", RAISES.format("LookupError")),
        ("class E(ValueError): pass\ndef f(x): raise E('no')", RAISES.format("ValueError")),
        ("def f(n): return (x * x for x in range(n))", "assert list(f(3)) == [0, 1, 4]"),
        ("kept = []\ndef f(x):\n kept.append(x)\n return len(kept)", "f(0)\nassert f(0) == 2"),
        ("def f(*given, **named): return given, named", "assert f(1, a={2: (3,)}) == ((1,), {'a': {2: (3,)}})"),
        ("def f(x): return half(x) * 2\ndef half(x): return 5", "assert half(4) == 2 and f(4) == 10"),
    ],
)
def test_what_is_right_passes(code: str, tests: str) -> None:
    assert judged(code, tests, "def half(x): return x / 2\ndef f(x):\n    pass\n") == Ran(True, "")


@pytest.mark.parametrize(
    ("code", "tests", "reason"),
    [
        ("def f(): return 1", "assert f() == 2, 'no'", "AssertionError: no"),
        ("def f(:", "f()", "SyntaxError"),
        ("def g(): return 1", "f()", "NameError"),
        ("def f(): return 1 / 0", "f()", "ZeroDivisionError"),
        ("class Own(Exception): pass\ndef f(): raise Own('x')", "f()", "Own: x"),
        ("raise SystemExit(0)", "f()", "SystemExit: 0"),
        ("import os; os._exit(0)", "f()", "left before"),
        ("def f(): return lambda: 1", "f()", "a function, which cannot be judged from outside"),
        ("def f(x): return 1", "f(lambda: 1)", "hand over a function"),
        ("def f(x): return 1", "f(open('/dev/null'))", "hand over a TextIOWrapper"),
        ("def f(): return 1", "assert True", "its tests never call it"),
        ("def f(): return 1", "f()\nraise SystemExit(0)", "SystemExit"),
        ("def f(): return 1", "f()\nimport os; os._exit(0)", "they left"),
        ("def f(): return object()", "try:\n    f()\nexcept BaseException:\n    pass", "cannot be judged"),
        ("def f(): raise SystemExit", "try:\n    f()\nexcept BaseException:\n    pass", "SystemExit"),
        ("def f(): return 1", "def f(:", "SyntaxError"),
        ("while True: pass", "f()", "out of CPU time"),
        ("import ctypes; ctypes.string_at(0)", "f()", "killed by SIGSEGV"),
    ],
)
def test_what_is_wrong_or_in_doubt_has_not_passed(code: str, tests: str, reason: str) -> None:
    ran = run(code, tests, Limits(seconds=60, cpu=1), entry="f")
    assert not ran.passed and reason in ran.reason


def test_a_long_sleep_ends_by_wall_time() -> None:
    assert run("import time; time.sleep(100)", "f()", Limits(seconds=0.5), entry="f") == Ran(False, "out of wall time")


def test_an_entry_may_be_an_expression() -> None:
    code = "class Solution:\n def add(self, a, b): return a + b"
    assert run(code, "assert candidate(1, b=2) == 3", ROOMY, entry="Solution().add").passed


def test_no_name_and_no_secret_of_ours_is_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert judged("import os\ndef f(): return dict(os.environ)", "assert not any('KEY' in name for name in f())").passed


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("landlock.py", "    known = version()\n", "    known = -1\n", "no Landlock"),
        ("seccomp.py", "prctl(SET_SECCOMP, 2,", "prctl(SET_SECCOMP, 99,", "seccomp"),
        ("kernel.py", "os.uname().machine", "'riscv64'", "not known for riscv64"),
    ],
)
def test_without_a_wall_nothing_is_run(
    file: str, old: str, new: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    shutil.copytree(sandbox.HERE / "cage", tmp_path / "cage")
    text = (tmp_path / "cage" / file).read_text()
    assert old in text
    (tmp_path / "cage" / file).write_text(text.replace(old, new))
    monkeypatch.setattr(sandbox, "HERE", tmp_path)
    ran = judged(f"open({str(tmp_path / 'ran')!r}, 'w')\ndef f(): return 1", "assert f() == 1")
    assert not ran.passed and reason in ran.reason
    assert not (tmp_path / "ran").exists()
    with pytest.raises(ConfigError, match=reason):
        sandbox.check.__wrapped__()


def test_where_the_kernel_gives_no_root_of_its_own_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    shutil.copytree(sandbox.HERE / "cage", tmp_path / "cage")
    root = tmp_path / "cage/root.py"
    root.write_text(root.read_text().replace("        _unshare()\n", "        raise OSError\n"))
    monkeypatch.setattr(sandbox, "HERE", tmp_path)
    sandbox.check.__wrapped__()
    kept = tmp_path / "kept"
    kept.write_text("secret")
    for attempt in (
        f"open({str(tmp_path / 'new')!r}, 'w')",
        f"open({str(kept)!r}, 'a')",
        f"open({str(kept)!r}).read()",
        f"os.remove({str(kept)!r})",
        f"os.rename({str(kept)!r}, {str(tmp_path / 'x')!r})",
        f"os.mkdir({str(tmp_path / 'folder')!r})",
        "open('/proc/self/environ').read()",
        "open('/etc/passwd').read()",
        "socket.socket()",
    ):
        code = f"import os, socket\ndef f():\n try: {attempt}\n except PermissionError: return 'stopped'"
        assert judged(code, "assert f() == 'stopped'") == Ran(True, ""), attempt
    assert kept.read_text() == "secret"


def test_programs_die_with_cuvee() -> None:
    """Killed outright, it leaves no sleeping program behind: nobody else would end it."""
    code = "import time\ntime.sleep(600)"
    program = f"from cuvee.evaluation.sandbox import *\nrun({code!r}, 'f()', Limits(seconds=600), entry='f')"
    ours = subprocess.Popen([sys.executable, "-c", program])
    halves: set[psutil.Process] = set()
    end = time.monotonic() + 60
    while len(halves) < 2 and time.monotonic() < end:
        time.sleep(0.05)
        halves = set(psutil.Process(ours.pid).children())
    time.sleep(1)  # until their walls stand
    ours.kill()
    ours.wait()
    _, alive = psutil.wait_procs(halves, timeout=10)
    assert len(halves) == 2 and not alive


@pytest.mark.skipif(not HUMANEVAL.exists(), reason="needs ../shared/data/eval/humaneval.jsonl.gz")
@pytest.mark.parametrize("every", [23, pytest.param(1, marks=pytest.mark.slow)])
def test_humanevals_own_solutions_pass_and_nothing_else_does(every: int) -> None:
    """Every task, or one in 23, among them those whose tests call a helper of the prompt (32, 38, 50)."""
    rows = [json.loads(line) for line in gzip.decompress(HUMANEVAL.read_bytes()).splitlines()]
    for row in {one["task_id"]: one for one in [*rows[::every], rows[32], rows[38], rows[50]]}.values():
        question = kinds.SHAPES[0].make(row, "humaneval", row["task_id"])
        assert question.right is not None
        assert programs.tested(question, question.right, ROOMY) == Ran(True, ""), row["task_id"]
        assert not programs.tested(question, "```python\npass\n```", ROOMY).passed, row["task_id"]
