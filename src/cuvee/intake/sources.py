"""Which files, and how they are read; as typed, then checked."""

from dataclasses import dataclass
from functools import partial

from cuvee import names
from cuvee.commands import Mistakes, Paths, pairs, paths
from cuvee.samples.dialects import DIALECTS
from cuvee.samples.raw import ROW_BYTES

MEGABYTE = 1 << 20


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """How files are read, as typed. row_mb: of a row, at most."""

    data: Paths
    columns: str
    dialect: str | None
    strict: bool
    row_mb: float = ROW_BYTES / MEGABYTE
    keep_special: bool = False


@dataclass(frozen=True, kw_only=True)
class ReadAsk:
    """Checked: which files, and how they are read."""

    data: list[str]
    columns: dict[str, str]
    dialect: str | None
    strict: bool
    row_bytes: int = ROW_BYTES
    keep_special: bool = False

    @classmethod
    def exactly(cls, data: list[str]) -> "ReadAsk":
        """Return how files of a goal or of questions are read: every row counts, so a broken one stops."""
        return cls(data=data, columns={}, dialect=None, strict=True)


def bind_read(options: ReadOptions, wrong: Mistakes) -> ReadAsk:
    """Check how files are read; what cannot be stands in ``wrong``."""
    columns = wrong.check(lambda: pairs(options.columns, "columns")) or {}
    if options.dialect is not None:
        wrong.check(partial(names.find, DIALECTS, options.dialect, "dialect"))
    return ReadAsk(
        data=paths(options.data),
        columns={key: str(value) for key, value in columns.items()},
        dialect=options.dialect,
        strict=options.strict,
        row_bytes=int(options.row_mb * MEGABYTE),
        keep_special=options.keep_special,
    )
