"""What a killed run leaves: results that are appended to a file batch by batch, and found again."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson


class Journal:
    """Batches of results, by number. A line that was cut short when the process died counts as not written."""

    def __init__(self, path: Path | None) -> None:
        """path: the file, None to keep results in memory only."""
        self.path = path
        self.done: dict[int, Any] = dict(_lines(path)) if path is not None else {}

    def add(self, batch: int, results: Sequence[object]) -> None:
        """Keep the results of one batch; they are on disk when this returns."""
        self.done[batch] = list(results)
        if self.path is None:
            return
        with self.path.open("ab") as file:
            file.write(orjson.dumps([batch, self.done[batch]], option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _lines(path: Path) -> Iterator[tuple[int, list[object]]]:
    if not path.exists():
        return
    whole, _, rest = path.read_bytes().rpartition(b"\n")
    if rest:  # what follows must start on a line of its own
        path.write_bytes(whole + b"\n" if whole else b"")
    for line in whole.splitlines():
        batch, results = orjson.loads(line)
        yield batch, results
