"""What a person sees while cuvee works, and that it is only text: a bar on a terminal, a line a minute in a log.

Whatever goes to a terminal goes through here: ids, names of files and texts come from files that nobody has read, and a
terminal obeys some characters (move, recolour, rename the window, answer as if typed).
"""

import io
import logging
import re
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

Advance = Callable[[int], None]  # called with how many more units are done

# Control characters but tab and newline; marks that turn the direction of text or take no room; halves of characters.
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def shown(text: str) -> str:
    """Return a text as it may go to a terminal: what it would obey is written out (\\x1b)."""
    return _OBEYED.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def say(text: str) -> None:
    """Say one line, about a step that is finished; the command line shows it on standard error."""
    logging.getLogger("cuvee").info("%s", shown(text).replace("\n", "\\n"))


def guard() -> None:
    """Write out what a terminal would obey in all that this process says by itself too: logs, warnings, tracebacks."""

    class Formatter(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return shown(super().format(record))

    for handler in logging.getLogger().handlers:
        handler.setFormatter(Formatter("%(message)s"))
    sys.excepthook = lambda *wrong: print(shown("".join(traceback.format_exception(*wrong))), end="", file=sys.stderr)  # noqa: T201
    warned = warnings.formatwarning
    warnings.formatwarning = lambda *about, **more: shown(warned(*about, **more))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as standard error is: a name may be no text in its encoding


def console(*, stderr: bool = False) -> "Console":
    """Return a terminal to print on. What it is given is text: nothing in it is obeyed, by the terminal or by rich."""
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class TextConsole(Console):
        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
            for part in super().render(renderable, options):
                # left out, not written out: rich has given these characters no room
                yield part if part.control else Segment(_OBEYED.sub("", part.text), part.style)

    return TextConsole(stderr=stderr, markup=False, emoji=False)


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

    terminal = console(stderr=True)
    if not terminal.is_terminal:
        yield _Lines(label, total, unit, done)
        return
    done_of = DownloadColumn() if unit == BYTES else MofNCompleteColumn()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), done_of, Rate(), TimeRemainingColumn())
    with Progress(*columns, console=terminal, transient=True) as progress:
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
