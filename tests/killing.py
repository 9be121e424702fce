"""Processes to be killed. Each is forked from one that has imported the heavy libraries, so that a kill costs no imports."""

import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

_WARM = multiprocessing.get_context("forkserver")
_WARM.set_forkserver_preload(["cuvee.cli", "pyarrow.parquet", "sklearn.cluster", "transformers.trainer"])


def started(target: Callable[..., object], *given: Any) -> BaseProcess:
    """Start a function of a module in a new process, with this process's home and nothing on the terminal."""
    process = _WARM.Process(target=_quietly, args=(os.environ["CUVEE_HOME"], target, given))
    process.start()
    return process


def killed_when(seen: Callable[[], object], arguments: Sequence[str], *, then: float = 0.0) -> bool:
    """Run a command of cuvee until ``seen`` and ``then`` seconds more, and kill -9 it; return False if it ended before."""
    process = started(_command, list(arguments))
    while process.is_alive() and not seen():
        time.sleep(0.005)
    process.join(then)
    process.kill()
    process.join()
    assert process.exitcode in (0, -9), f"{' '.join(arguments)} ended with {process.exitcode}"
    return process.exitcode == -9


def made(run: Path, step: str) -> Callable[[], bool]:
    """Return what says whether a run has finished this step."""
    return lambda: any(run.glob(f"work/{step}-*"))


def _command(arguments: list[str]) -> None:
    from cuvee.cli import main

    main(arguments)


def _quietly(home: str, target: Callable[..., object], given: Sequence[Any]) -> None:
    os.environ["CUVEE_HOME"] = home
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    target(*given)
