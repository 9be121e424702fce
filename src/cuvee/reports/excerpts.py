"""The texts that a page carries: the best rows whole, as many as there is room for, of others the beginning."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import orjson
import pyarrow as pa

from cuvee.arrays import I64
from cuvee.result.plain import text

WHOLE_BYTES = 900_000  # of whole rows, escaped: with the two below what bounds the page in any script
CHOSEN_BYTES, OTHER_BYTES = 300_000, 600_000  # of beginnings
CHOSEN_TEXTS, OTHER_TEXTS = 4_000, 6_000
WHOLE, EXCERPT, REASON = 20_000, 160, 300  # characters of a question, and as many of an answer

Exchange = tuple[str, str]  # a row's question and its answer
Read = Callable[[I64], Sequence[Exchange]]  # rows of the map's table -> what each says


@dataclass(frozen=True)
class ShownTexts:
    """Texts of the first rows of a list. rows: [question, answer] of each. whole: so many of them are not cut."""

    rows: list[list[str]] = field(default_factory=list)
    whole: int = 0


def from_table(points: pa.Table) -> Read:
    """Return what reads the map's own excerpts, where nothing else is known: all of a row counts as its question."""
    return lambda rows: [(value or "", "") for value in points["text"].take(pa.array(rows, pa.int64())).to_pylist()]


def of_chosen(read: Read, rows: I64) -> ShownTexts:
    """Return the texts of rows, best first: whole ones, then beginnings."""
    found, used, whole = ShownTexts(), 0, 0
    for exchange in _each(read, rows[:CHOSEN_TEXTS]):
        shown = [_cut(part, WHOLE) for part in exchange]
        size = size_of(shown)
        if used + size > WHOLE_BYTES:
            break
        used, whole = used + size, whole + 1
        found.rows.append(shown)
    rest = _beginnings(read, rows[whole:CHOSEN_TEXTS], CHOSEN_BYTES)
    return ShownTexts([*found.rows, *rest], whole)


def of_others(read: Read, rows: I64) -> ShownTexts:
    """Return the beginnings of rows."""
    return ShownTexts(_beginnings(read, rows[:OTHER_TEXTS], OTHER_BYTES))


def _beginnings(read: Read, rows: I64, room: int) -> list[list[str]]:
    found: list[list[str]] = []
    for exchange in _each(read, rows):
        shown = [_cut(part, EXCERPT) for part in exchange]
        room -= size_of(shown)
        if room < 0:
            break
        found.append(shown)
    return found


def _each(read: Read, rows: I64) -> Sequence[Exchange]:
    return read(rows) if len(rows) else []


def size_of(parts: Sequence[str]) -> int:
    """Return the bytes of texts in the page, where "<", ">" and "&" take six instead of one."""
    return len(orjson.dumps(parts)) + 5 * sum(map("".join(parts).count, "<>&"))


def _cut(value: str, most: int) -> str:
    return text(value if len(value) <= most else value[: most - 1] + "…")
