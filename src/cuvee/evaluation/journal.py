"""What a killed run leaves: results that are appended to a file batch by batch, and found again."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cuvee import disk
from cuvee.disk.records import add_record, line_of, records
from cuvee.progress import say


class Journal:
    """Batches of results, by number. A line that was cut short when the process died, or damaged, counts as not written."""

    def __init__(self, path: Path | None) -> None:
        """path: the file, None to keep results in memory only."""
        self.path = path
        self.done: dict[int, Any] = dict(_batches(path)) if path is not None else {}

    def add(self, batch: int, results: Sequence[object]) -> None:
        """Keep the results of one batch; they are on disk when this returns."""
        self.done[batch] = list(results)
        if self.path is not None:
            add_record(self.path, [batch, self.done[batch]])


def _batches(path: Path) -> Iterator[tuple[int, list[object]]]:
    if not path.exists():
        return
    found = records(path)
    for line in found.damaged:
        say(f"damaged   {path}, line {line}: what stood there is made again")
    if found.torn or found.damaged:  # what follows must start on a line of its own
        disk.write_whole(path, b"".join(map(line_of, found.contents)))
    for content in found.contents:
        match content:
            case [int(batch), list(results)]:
                yield batch, results
