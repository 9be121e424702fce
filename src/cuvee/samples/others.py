"""Columns that go along with the rows of a format: which of them loaders can take as they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Others:
    """The types of each column over all rows."""

    kinds: dict[str, set[str]] = field(default_factory=dict)

    def add(self, row: Mapping[str, object]) -> None:
        """Look at the columns of one row."""
        for name, value in row.items():
            self.kinds.setdefault(name, set()).add(_kind(value))

    def numbers(self) -> list[str]:
        """Return the columns of whole and other numbers: loaders would take the first one's kind for all."""
        return [name for name, kinds in self.kinds.items() if kinds - {"null"} == {"int", "float"}]

    def uneven(self) -> list[str]:
        """Return the other columns whose rows differ in type, or in the keys of their objects."""
        mixed = [name for name, kinds in self.kinds.items() if len(kinds - {"null", "[]"}) > 1]
        return [name for name in mixed if name not in self.numbers()]


def _kind(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{_kind(part)}" for key, part in sorted(value.items())) + "}"
    if isinstance(value, list):
        kinds = sorted({_kind(part) for part in value} - {"null"})
        return f"[{'|'.join(kinds)}]"
    return "null" if value is None else type(value).__name__
