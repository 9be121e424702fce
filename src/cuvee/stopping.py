"""Stopping: Ctrl-C and SIGTERM end a command with one line and its exit code, soon, whatever it is doing."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

LINE = "cuvee: stopped; call the same command again to go on"
GRACE = (
    5.0  # seconds for an orderly end; some library may hold the signal back, and whatever is half done counts as undone
)
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(KeyboardInterrupt):
    """The command was told to stop. code: what it exits with, 128 and the signal's number."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.code = 128 + number


class _Stopping:
    """Raises ``Stopped`` where the command is, at the first signal; ends the process at the second, or after ``GRACE``."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.number:
            self._end()
        self.number = number
        waiting = threading.Timer(GRACE, self._end)
        waiting.daemon = True
        waiting.start()
        raise Stopped(number)

    def _end(self) -> None:
        say_stopped()
        os._exit(128 + self.number)


@contextmanager
def stoppable() -> Iterator[None]:
    """Turn these signals into ``Stopped`` while the block runs, except those that whoever started us has switched off."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    stopping = _Stopping()
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, stopping)
    try:
        yield
    except BaseException:
        if stopping.number:  # some library may have made another exception of it
            raise Stopped(stopping.number) from None
        raise
    finally:
        if not stopping.number:
            for number, handler in before.items():
                signal.signal(number, handler)


_said = threading.Event()


def say_stopped() -> None:
    """Say so on standard error, once, past whatever is in its way."""
    if not _said.is_set():
        _said.set()
        os.write(2, f"{LINE}\n".encode())
