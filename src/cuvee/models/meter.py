"""How many tokens models read and learnt from while something was done, counted where it happens."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from cuvee import disk


@dataclass
class Spent:
    """Tokens, padding not counted. forward: that a model read, to learn or to look. backward: that it learnt from."""

    forward: int = 0
    backward: int = 0


@dataclass(frozen=True)
class _Meter:
    spent: Spent
    file: Path | None


_METER: ContextVar[_Meter | None] = ContextVar("meter", default=None)


def charge(*, forward: int = 0, backward: int = 0) -> None:
    """Add tokens to the innermost meter that is open; nothing where none is."""
    meter = _METER.get()
    if meter is None:
        return
    meter.spent.forward += int(forward)
    meter.spent.backward += int(backward)
    if meter.file is not None:
        unfinished = meter.file.with_suffix(".new")
        disk.write(unfinished, orjson.dumps(asdict(meter.spent)))
        disk.rename(unfinished, meter.file)


@contextmanager
def metered(file: Path | None = None) -> Iterator[Spent]:
    """Count what is charged inside; outer meters do not see it.

    file: keeps the count, so that work which is killed and called again adds to what it had spent.
    """
    known = orjson.loads(file.read_bytes()) if file is not None and file.is_file() else {}
    meter = _Meter(Spent(**known), file)
    token = _METER.set(meter)
    try:
        yield meter.spent
    finally:
        _METER.reset(token)
