"""What the user said about what a run leaves behind, checked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import pyarrow as pa

from cuvee import names
from cuvee.commands import Mistakes
from cuvee.samples.formats import FORMATS
from cuvee.samples.write import FILES, require_fit

AUTO = "auto"
_PURE, _MIXED = "same", "messages"  # what it stands for: rows as they are, where they are of one dialect


@dataclass(frozen=True, kw_only=True)
class Publishing:
    """The training set's format and file type, and how many random selections are measured beside the choice.

    format: a name in ``samples.formats.FORMATS``, or auto.
    """

    format: str
    file: str
    draws: int

    def check(self, wrong: Mistakes) -> None:
        """Put what cannot be into ``wrong``."""
        wrong.check(partial(names.find, {AUTO: None, **FORMATS}, self.format, "format"))
        wrong.check(partial(names.find, dict.fromkeys(FILES), self.file, "file type"))

    def holds(self, table: pa.Table) -> None:
        """Raise InputError where the format cannot hold rows of a pool: better now than after the work."""
        if self.format != AUTO:
            require_fit(table, self.format)

    def of(self, dialects: Sequence[str]) -> "tuple[Publishing, list[str]]":
        """Return the same with a format of its own for a pool of these dialects, and a note where rows are rewritten."""
        if self.format != AUTO:
            return self, []
        if len(dialects) < 2:
            return replace(self, format=_PURE), []
        named = ", ".join(dialects)
        note = (
            f"the pool has rows of {len(dialects)} dialects ({named}), which no trainer reads side by side: the training set "
            f"is written as {_MIXED}; --format {_PURE} keeps every row as it is"
        )
        return replace(self, format=_MIXED), [note]
