"""Every way of writing instruction data that can be read, most specific first."""

from typing import Any

from cuvee.samples.dialects.seam import Dialect

MEMBERS: tuple[Dialect, ...] = ()

DIALECTS: dict[str, Dialect] = {member.name: member for member in MEMBERS}


def detect(row: Any) -> Dialect | None:
    """Return the first dialect that knows the row (a dict, or a list of turns), None where none does."""
    return next((dialect for dialect in DIALECTS.values() if dialect.detect(row)), None)
