"""Progress that a person can read: a bar with rate and time left on a terminal, nothing elsewhere."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Advance = Callable[[int], None]  # called with how many more units are done

say = logging.getLogger("cuvee").info  # one line per finished step; the command line shows them on standard error


@contextmanager
def bar(label: str, total: int | None, unit: str = "rows") -> Iterator[Advance]:
    """Show a progress bar on standard error while the block runs; yield the function that advances it.

    total: units in all, None where unknown. Nothing is drawn where standard error is not a terminal.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
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
            return Text(f"{task.speed or 0:,.0f} {unit}/s", style="progress.data.speed")

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(label, total=total)
        yield lambda done: progress.advance(task, done)
