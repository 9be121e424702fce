"""What the user said about what a run leaves behind, checked."""

from dataclasses import dataclass, replace
from functools import partial

import pyarrow as pa

from cuvee import names
from cuvee.arrays import I64
from cuvee.commands import Mistakes
from cuvee.samples.formats import FORMATS
from cuvee.samples.media import media
from cuvee.samples.write import FILES, require_fit

AUTO = "auto"
SHOWN = ["messages", "file"]
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

    def of(self, table: pa.Table, chosen: I64) -> "tuple[Publishing, list[str]]":
        """Return the same with a format of its own for these rows of a pool, and a note where rows are rewritten."""
        if self.format != AUTO:
            return self, []
        dialects = sorted(table["dialect"].drop_null().unique().to_pylist())
        if len(dialects) < 2 and not _shown(table, chosen):
            return replace(self, format=_PURE), []
        if len(dialects) < 2:
            note = (
                f"rows name images, videos or audio, and trainers find them by absolute names: the training set is written as "
                f"{_MIXED}; --format {_PURE} keeps every row as it is"
            )
            return replace(self, format=_MIXED), [note]
        named = ", ".join(dialects)
        note = (
            f"the pool has rows of {len(dialects)} dialects ({named}), which no trainer reads side by side: the training set "
            f"is written as {_MIXED}; --format {_PURE} keeps every row as it is"
        )
        return replace(self, format=_MIXED), [note]


def _shown(table: pa.Table, chosen: I64) -> bool:
    """Return whether some chosen row holds images, videos or audio."""
    turns = pa.compute.list_flatten(table["messages"].take(pa.array(chosen)))
    extras = pa.compute.struct_field(turns, "extra").drop_null()
    named = pa.compute.match_substring_regex(extras, '"(?:images?|videos?|audios?|parts)":')
    return bool(pa.compute.any(named).as_py()) and any(
        media(row) is not None for row in table.select(SHOWN).take(pa.array(chosen)).to_pylist()
    )
