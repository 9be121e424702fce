"""Progress that a person can read: a bar with rate and time left on a terminal, a line a minute in a log."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Advance = Callable[[int], None]  # called with how many more units are done

say = logging.getLogger("cuvee").info  # one line per finished step; the command line shows them on standard error


def unseen(more: int) -> None:
    """Advance nothing: for work that no one watches."""


BYTES = "bytes"  # a unit that is shown as kB, MB, GB
_QUIET: ContextVar[bool] = ContextVar("quiet", default=False)
SILENCE = 60.0  # seconds between two lines where there is no terminal


@contextmanager
def quiet() -> Iterator[None]:
    """Show no bars while the block runs: work within work whose own bar is shown already."""
    token = _QUIET.set(True)
    try:
        yield
    finally:
        _QUIET.reset(token)


@contextmanager
def bar(label: str, total: int | None, unit: str = "rows", *, done: int = 0) -> Iterator[Advance]:
    """Show a progress bar on standard error while the block runs; yield the function that advances it.

    unit: of the total, as it is shown; ``BYTES`` are shown in kB, MB or GB. total: units in all, None where unknown. done: of
    them, before the block: they tell nothing of the rate. Where standard error is not a terminal, a line a minute says the
    same.
    """
    if _QUIET.get():
        yield unseen
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{_amount(task.speed or 0, unit)}/s", style="progress.data.speed")

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(label, total, unit, done)
        return
    done_of = DownloadColumn() if unit == BYTES else MofNCompleteColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), done_of, Rate(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(label, total=total, completed=done)
        yield lambda more: progress.advance(task, more)


class _Lines:
    """Says how far the work is whenever a minute has passed since it last did."""

    def __init__(self, label: str, total: int | None, unit: str, before: int) -> None:
        self.label, self.total, self.unit, self.before, self.done = label, total, unit, before, before
        self.start = self.last = time.monotonic()

    def __call__(self, more: int) -> None:
        self.done += more
        now = time.monotonic()
        if now - self.last < SILENCE:
            return
        self.last, speed = now, (self.done - self.before) / (now - self.start)
        ahead = max(0, self.total - self.done) if self.total else 0  # a total may be an estimate
        left = f", about {ahead / speed / 60:.0f} min left" if self.total and speed else ""
        if self.unit == BYTES:
            of = f" of {_amount(self.total, BYTES)}" if self.total else ""
            say(f"{self.label}: {_amount(self.done, BYTES)}{of}, {_amount(speed, BYTES)}/s{left}")
        else:
            of = f"/{self.total:,}" if self.total else ""
            say(f"{self.label}: {self.done:,}{of} {self.unit}, {speed:.3g} {self.unit}/s{left}")


def _amount(count: float, unit: str) -> str:
    """Return a number with its unit: "8,192 rows", "12.3 MB"."""
    if unit != BYTES:
        return f"{count:,.0f} {unit}"
    for name, size in (("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.3g} {name}"
    return f"{count / 1e3:.3g} kB"
