"""What the user said about what a run leaves behind, checked."""

from dataclasses import dataclass
from functools import partial

from cuvee import names
from cuvee.commands import Mistakes
from cuvee.samples.formats import FORMATS
from cuvee.samples.write import FILES


@dataclass(frozen=True, kw_only=True)
class Publishing:
    """The training set's format and file type, and how many random selections are measured beside the choice."""

    format: str
    file: str
    draws: int

    def check(self, wrong: Mistakes) -> None:
        """Put what cannot be into ``wrong``."""
        wrong.check(partial(names.find, FORMATS, self.format, "format"))
        wrong.check(partial(names.find, dict.fromkeys(FILES), self.file, "file type"))
