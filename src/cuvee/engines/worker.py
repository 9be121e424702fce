"""One process that does work: it starts clean, never runs the user's script again, and never outlives who started it."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import Connection
from types import ModuleType
from typing import ParamSpec

from cuvee.engines.failing import Attempted, attempt
from cuvee.engines.keeping import Keeper, Parts
from cuvee.engines.seam import Content, Result, Shard, State

P = ParamSpec("P")


class Worker:
    """A process that does one thing at a time. After it was killed (BrokenProcessPool) call ``renew``."""

    def __init__(self, held: Connection) -> None:
        self._held = held
        self._kept = False
        self.renew()

    def renew(self) -> None:
        """Take a new process; it starts with the first work that it gets."""
        # spawn: a fork of a process with threads (polars, BLAS, torch) may wait for a lock that nobody will free
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(1, context, initializer=_hold_on, initargs=(self._held,))

    def submit(self, work: Callable[[Content], Result], shard: Shard[Content]) -> Future[Result]:
        """Start the work on a shard."""
        with _no_script():
            try:
                return self._pool.submit(attempt, work, shard)
            except BrokenProcessPool:  # killed while it had nothing to do
                self.renew()
                return self._pool.submit(attempt, work, shard)

    def seat(self, make: Callable[[Content], State], parts: Parts[Content]) -> None:
        """Keep states: see ``engines.keeping.Seat``."""
        if self._kept:
            self.renew()
        self._kept = True
        self._call(_keep, make, parts)

    def ask(self, question: Callable[[State], Result]) -> Future[dict[int, Attempted[Result]]]:
        """Ask the keeper."""
        return self._call(_asked, question)

    def _call(self, function: Callable[P, Result], *given: P.args, **named: P.kwargs) -> Future[Result]:
        with _no_script():
            try:
                return self._pool.submit(function, *given, **named)
            except BrokenProcessPool as killed:
                broken: Future[Result] = Future()
                broken.set_exception(killed)
                return broken

    def close(self) -> None:
        """Wait until the process has ended."""
        self._pool.shutdown(cancel_futures=True)


_KEEPER: list[object] = []  # of this process, where it keeps states


def _keep(make: Callable[[Content], State], parts: Parts[Content]) -> None:
    _KEEPER[:] = [Keeper(make, parts)]


def _asked(question: Callable[[State], Result]) -> dict[int, Attempted[Result]]:
    (keeper,) = _KEEPER
    assert isinstance(keeper, Keeper)
    return keeper.asked(question)


@contextmanager
def crew(size: int) -> Iterator[list[Worker]]:
    """Yield workers. When the block ends, or this process does, however it does, they end at once, their work undone."""
    held, end = multiprocessing.Pipe(duplex=False)
    workers = [Worker(held) for _ in range(size)]
    try:
        yield [*workers]
    finally:
        end.close()
        for worker in workers:
            worker.close()
        held.close()


@contextmanager
def _no_script() -> Iterator[None]:
    """Hide the user's script while a process starts.

    A new process imports the script that started it: one without ``if __name__ == "__main__"`` would run again, and one from
    standard input is not there at all. Workers need nothing of it.
    """
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


def _hold_on(held: Connection) -> None:
    """End when the other end of ``held`` is closed; leave Ctrl-C to the process that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(held,), daemon=True).start()


def _end_with(held: Connection) -> None:
    held.poll(None)  # until it is closed there: nothing is ever sent
    os._exit(1)
