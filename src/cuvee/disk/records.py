"""Records: a file to which lines are added one by one, each with its checksum; what was added lasts, and is found if damaged.

A line is the XXH3 sum of the rest, the length of the content, and the content, JSON on one line. A last line that stops short
was being written when its process died, and counts as not written; any other that does not fit its sum is damaged.
"""

from dataclasses import dataclass
from pathlib import Path

import orjson
import xxhash

from cuvee.disk.files import add


@dataclass(frozen=True)
class Records:
    """What stands in a file. contents: of the whole lines. damaged: lines, 1 = first. torn: whether the last stops short."""

    contents: list[object]
    damaged: list[int]
    torn: bool


def line_of(content: object) -> bytes:
    """Return a record as it stands in its file."""
    data = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
    rest = b"%d %s" % (len(data), data)
    return b"%s %s\n" % (xxhash.xxh3_64_hexdigest(rest).encode(), rest)


def add_record(path: Path, content: object) -> None:
    """Add a record to a file; it lasts when this returns."""
    add(path, line_of(content))


def records(path: Path) -> Records:
    """Read a file of records."""
    *lines, last = path.read_bytes().split(b"\n")
    found = Records([], [], torn=_stops_short(last))
    for number, line in enumerate(lines + [last] * (bool(last) and not found.torn), 1):
        digits, _, rest = line.partition(b" ")
        if number <= len(lines) and digits == xxhash.xxh3_64_hexdigest(rest).encode():
            found.contents.append(orjson.loads(rest.partition(b" ")[2]))
        else:
            found.damaged.append(number)
    return found


def _stops_short(last: bytes) -> bool:
    """Tell whether what follows the last line break is the beginning of a record, and not a whole one without its end."""
    parts = last.split(b" ", 2)
    if not last or len(parts) < 3 or not parts[1].isdigit():
        return bool(last)
    return len(parts[2]) <= int(parts[1])
