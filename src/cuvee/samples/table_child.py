"""The process that reads tables for another one: a damaged table may kill it, and nothing else.

It is asked by lines of JSON, [files, most bytes of a row], and answers with lines: "+" and a row; "-" and the error and the
readable cells of a bad row; "!" and what is wrong with the files, at the end; "." at the end.
"""

import os
import resource
import sys
from collections.abc import Iterable
from pathlib import Path

import orjson

from cuvee.errors import InputError
from cuvee.samples import table_rows
from cuvee.samples.raw import Raw

MEMORY = 4 << 30  # bytes of address space beside the files themselves, which are mapped into it
LINES = 256  # of an answer that are written at once


def main() -> None:
    """Answer until nobody asks any more."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for asked in sys.stdin.buffer:
        files, most = orjson.loads(asked)
        _answer([Path(os.fsdecode(bytes(name))) for name in files], most)


def _answer(files: list[Path], most: int) -> None:
    try:
        _limit(sum(path.stat().st_size for path in files))
        _write(table_rows.table_rows((batch for path in files for batch in table_rows.batches(path)), most))
    except (InputError, MemoryError, OSError, RuntimeError, SystemError) as wrong:
        message = wrong.message if isinstance(wrong, InputError) else f"{files[0]} cannot be read: {wrong!r}"
        hint = wrong.hint if isinstance(wrong, InputError) else "fetch or write it again"
        _send([b"!" + orjson.dumps([message[:500], hint])])
    else:
        _send([b"."])


def _limit(mapped: int) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    wanted = MEMORY + mapped
    resource.setrlimit(resource.RLIMIT_AS, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))


def _write(rows: Iterable[Raw]) -> None:
    lines: list[bytes] = []
    held = 0
    try:
        for raw in rows:
            start = raw.raw.decode("utf-8", "replace")  # of a row that is too long the start may end inside a character
            lines.append(b"+" + raw.raw if raw.error is None else b"-" + orjson.dumps([raw.error, start]))
            held += len(lines[-1])
            if len(lines) >= LINES or held > 1 << 20:
                _send(lines)
                lines, held = [], 0
    finally:  # what lies before the damage
        if lines:
            _send(lines)


def _send(lines: list[bytes]) -> None:
    sys.stdout.buffer.write(b"\n".join(lines) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
