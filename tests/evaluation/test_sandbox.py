import os
import socket
import sys
import time
from pathlib import Path

import pytest

from cuvee.evaluation import sandbox
from cuvee.evaluation.sandbox import Limits, run

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="programs are fenced on Linux only")
QUICK = Limits(seconds=60, cpu=1)


def test_the_fence_holds_on_this_machine() -> None:
    sandbox.check()


def test_what_runs_to_its_end_passes_and_what_raises_does_not() -> None:
    assert run(
        "import math, re, collections, typing, hashlib, random, datetime\nassert math.sqrt(4) == 2", QUICK
    ).passed
    assert run("print('x' * 10**6)", QUICK).passed
    for program, reason in [
        ("assert 1 == 2, 'no'", "AssertionError: no"),
        ("def f(:", "SyntaxError"),
        ("raise SystemExit(0)", "SystemExit"),
        ("import os; os._exit(0)", "left before"),
    ]:
        ran = run(program, QUICK)
        assert not ran.passed and reason in ran.reason


def test_no_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        reach = f"import socket\nsocket.create_connection(('127.0.0.1', {port}), timeout=5)"
        exec(reach)  # the same program does reach it from here
        assert "PermissionError" in run(reach, QUICK).reason
    raw = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
    for number in (41, 53, 425) if os.uname().machine == "x86_64" else (198, 199, 425):  # socket, socketpair, io_uring
        assert run(f"{raw}assert libc.syscall({number}, 1, 1, 0, 0) == -1 and ctypes.get_errno() == 1", QUICK).passed


def test_an_endless_loop_ends_by_cpu_time_and_a_long_sleep_by_wall_time() -> None:
    assert run("while True: pass", QUICK).reason == "out of CPU time"
    start = time.monotonic()
    assert run("import time; time.sleep(100)", Limits(seconds=0.5)).reason == "out of wall time"
    assert time.monotonic() - start < 20


def test_no_more_memory_than_allowed() -> None:
    assert "MemoryError" in run("x = bytearray(2**30)", QUICK).reason
    assert run("x = bytearray(2**26)", QUICK).passed
    assert not run("import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))", QUICK).passed


@pytest.mark.parametrize(
    "program",
    [
        "import os\nos.fork() or os._exit(0)",
        "import subprocess\nsubprocess.run(['true'])",
        "import os\nos.execv('/bin/true', ['true'])",
        "import threading\nthreading.Thread(target=print).start()",
        "import os\nos.kill(os.getppid(), 15)",
        "import os\nos.killpg(os.getppid(), 15)",
    ],
)
def test_no_other_process(program: str) -> None:
    assert not run(program, QUICK).passed


def test_no_file_outside_the_folder_is_written_or_read(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("secret")
    for attempt in (
        f"open({str(tmp_path / 'new')!r}, 'w')",
        f"open({str(kept)!r}, 'a').write('x')",
        f"open({str(kept)!r}).read()",
        f"import os; os.remove({str(kept)!r})",
        f"import os; os.rename({str(kept)!r}, {str(tmp_path / 'other')!r})",
        f"import os; os.truncate({str(kept)!r}, 0)",
        f"import os; os.chmod({str(kept)!r}, 0)",
        f"import os; os.symlink({str(kept)!r}, 'link'); open('link', 'w')",
        f"import os; os.link({str(kept)!r}, 'link'); open('link', 'w')",
        f"import os; os.mkdir({str(tmp_path / 'folder')!r})",
        "open('/proc/self/environ').read()",
    ):
        assert "Error" in run(attempt, QUICK).reason, attempt
    assert kept.read_text() == "secret" and kept.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_the_folder_is_empty_and_small() -> None:
    assert run(
        "import os\nassert os.listdir() == []\nopen('a', 'w').write('x')\nassert open('a').read() == 'x'", QUICK
    ).passed
    assert "File too large" in run("open('a', 'wb').write(bytes(2**22))", QUICK).reason
    many = "for n in range(10**6):\n    open(f'{n}', 'wb').write(bytes(2**16))"
    assert run(many, Limits(seconds=60, cpu=60)).reason == "out of disk space"


def test_no_name_and_no_secret_of_ours_is_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert run("import os\nassert not any('KEY' in name for name in os.environ), os.environ", QUICK).passed


def test_without_landlock_nothing_is_written_at_all(tmp_path: Path) -> None:
    """The second line, for kernels without Landlock: the cage with that call failing."""
    cage = sandbox.CAGE.read_text().replace("CREATE_RULESET, None, 0, 1)\n", "CREATE_RULESET, None, 0, 1) * 0\n")
    assert "* 0" in cage
    (tmp_path / "cage.py").write_text(cage)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "CAGE", tmp_path / "cage.py")
        assert run("import json\nassert open('/dev/null').read() == ''", QUICK).passed
        for attempt in (
            f"open({str(tmp_path / 'new')!r}, 'w')",
            "open('inside', 'w')",
            "import os; os.open('inside', os.O_RDWR | os.O_CREAT)",
            "import os; os.mkdir('folder')",
            f"import os; os.rename({str(tmp_path / 'cage.py')!r}, {str(tmp_path / 'x')!r})",
            f"import os; os.remove({str(tmp_path / 'cage.py')!r})",
            "import socket; socket.socket()",
            "import os; os.fork()",
        ):
            assert "PermissionError" in run(attempt, QUICK).reason, attempt
