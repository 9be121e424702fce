"""Workers start only where they pay, need nothing of the user's script, and never outlive who started them."""

import multiprocessing
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.engines import work

from cuvee import names
from cuvee.engines import ENGINES, Engine, Local, Shard
from cuvee.errors import ConfigError, CuveeError, MissingExtraError

TWO = Local(workers=2, start=0.0)
SCRIPT = """
from cuvee.engines import Local, Shard
from tests.engines.work import process
import os
print("started")
def mine(number):
    return os.getpid()
shards = [Shard("s", number, 9.0) for number in range(4)]
here = os.getpid()
print(here not in Local(workers=2).each(process, shards), set(Local(workers=2).each(mine, shards)) == {here})
"""


def seen_from() -> dict[str, str]:
    """Return an environment in which a new process imports what this one does."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])}


def of(*seconds: float) -> list[Shard[int]]:
    return [Shard(f"shard {number}", number, cost) for number, cost in enumerate(seconds)]


@pytest.mark.parametrize(
    ("shards", "leaves"),
    [(of(), False), (of(99.0), False), (of(0.4, 0.4), False), (of(99.0, 0.5), False), (of(3.0, 3.0), True)],
)
def test_work_leaves_this_process_only_where_that_saves_a_second(shards: list[Shard[int]], leaves: bool) -> None:
    did = Local(workers=2).each(work.process, shards)
    assert (os.getpid() not in did) if leaves else set(did) <= {os.getpid()}
    assert set(Local(workers=1).each(work.process, shards)) <= {os.getpid()}


@pytest.mark.parametrize("typed", [True, False], ids=["typed in", "a file"])
def test_a_script_needs_no_guard(tmp_path: Path, typed: bool) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    given = ["-"] if typed else [str(tmp_path / "script.py")]
    ran = subprocess.run([sys.executable, *given], input=SCRIPT, text=True, capture_output=True, env=seen_from())
    assert (ran.stdout, ran.stderr) == ("started\nTrue True\n", "")


def _two_stay(folder: Path) -> None:
    TWO.each(work.stays, [Shard(name, folder / name, 9.0) for name in ("a", "b")])


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return (
        Path(f"/proc/{pid}/stat").exists()
        and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    )


@pytest.mark.parametrize("signal", [2, 9, 15])
def test_workers_end_with_the_process_that_started_them(tmp_path: Path, signal: int) -> None:
    code = (
        f"from pathlib import Path; from tests.engines.test_local import _two_stay; _two_stay(Path({str(tmp_path)!r}))"
    )
    run = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL, env=seen_from())
    marks = [tmp_path / "a", tmp_path / "b"]
    until(lambda: all(mark.exists() for mark in marks))
    run.send_signal(signal)
    run.wait(20)
    until(lambda: all(_gone(int(mark.read_text())) for mark in marks))


def until(happened: Callable[[], bool]) -> None:
    last = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < last
        time.sleep(0.02)


def _in_a_daemon(queue: "multiprocessing.Queue[bool]") -> None:
    queue.put(set(TWO.each(work.process, of(9.0, 9.0))) == {os.getpid()})


def test_a_process_that_may_start_none_does_the_work_itself() -> None:
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    context.Process(target=_in_a_daemon, args=(queue,), daemon=True).start()
    assert queue.get(timeout=20)


def kinds(kind: type[CuveeError]) -> list[type[CuveeError]]:
    return [kind, *(one for below in kind.__subclasses__() for one in kinds(below))]


@pytest.mark.parametrize("kind", kinds(CuveeError))
def test_what_is_foreseen_crosses_from_process_to_process(kind: type[CuveeError]) -> None:
    wrong = kind("a", "b", "c") if kind is MissingExtraError else kind("a", "b")
    again = pickle.loads(pickle.dumps(wrong))  # noqa: S301 (our own bytes)
    assert type(again) is kind and (str(again), again.hint) == (str(wrong), wrong.hint)


def test_engines_are_found_by_name_and_may_be_guests() -> None:
    guest: Engine = names.find(ENGINES, "tests.engines.work:backwards", "engine")
    assert guest.each(work.first_last, of(1.0, 1.0, 1.0)) == ["result 0", "result 1", "result 2"]
    with pytest.raises(ConfigError, match="unknown engine 'locl'"):
        names.find(ENGINES, "locl", "engine")
