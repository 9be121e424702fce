"""Ctrl-C and SIGTERM: one line, the exit code, and the same bytes after all."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cuvee.planting.files import write
from cuvee.stopping import LINE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_a_line_and_its_exit_code(number: signal.Signals, tmp_path: Path) -> None:
    pool = write(tmp_path, 300, seed=2).pool
    command = [
        sys.executable,
        "-m",
        "cuvee",
        "select",
        str(pool),
        "--embedder",
        "lexical",
        "--out",
        str(tmp_path / "run"),
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stderr is not None
    first = process.stderr.readline()  # the first step is done
    assert first.startswith("read "), first
    process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 128 + number
    assert said.rstrip().endswith(LINE) and "Traceback" not in said
    assert not (tmp_path / "run/manifest.json").exists()


def test_a_signal_that_a_library_holds_back_ends_the_process_all_the_same(tmp_path: Path) -> None:
    code = """
import os, signal
from cuvee import stopping
stopping.GRACE = 0.3
with stopping.stoppable():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        import time; time.sleep(60)
    except BaseException:
        while True:
            pass
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, done.stderr.strip()) == (143, LINE)


def test_whoever_switched_a_signal_off_is_heard() -> None:
    code = """
import os, signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
from cuvee.stopping import stoppable
with stoppable():
    os.kill(os.getpid(), signal.SIGINT)
print("went on", signal.getsignal(signal.SIGINT) is signal.SIG_IGN)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=False)
    assert done.stdout.strip() == "went on True"


def test_a_reader_that_has_enough_is_no_defect(tmp_path: Path) -> None:
    read, written = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "cuvee", "models", "list"], stdout=written, stderr=subprocess.PIPE, text=True, timeout=60
    )
    os.close(written)
    assert done.returncode in (1, 128 + signal.SIGPIPE) and done.stderr == ""
