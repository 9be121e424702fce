"""What a verb returns."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Summary = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """folder: the run folder. summary: what the report shows, as in ``summary.json``. files: what was written, best first.

    next: the command a person would type next.
    """

    folder: Path
    summary: dict[str, Any] = field(repr=False)
    files: list[Path] = field(default_factory=list)
    next: str = ""
