"""How the rows of a pool are rated: by rated texts that lie near, by a chat model, or by a column of their own."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from cuvee.distiller import bayes
from cuvee.errors import ConfigError
from cuvee.intake.judge import Judging


@dataclass(frozen=True)
class ByLibrary:
    """KNN-Bayes over the library of rated texts in this folder. Its ratings are told by neighbours, so none is put right."""

    way: ClassVar[str] = "bayes"
    folder: Path


@dataclass(frozen=True)
class ByJudge:
    """A chat model. correct: put its ratings right by those of the nearest rows (``distillation.correction``)."""

    way: ClassVar[str] = "judge"
    judging: Judging
    correct: bool


@dataclass(frozen=True)
class ByColumn:
    """A column of the rows' own. scale: 5 (0 to 5) or 10 (1 to 10, compressed to 0 to 5). correct: as of ``ByJudge``."""

    way: ClassVar[str] = "column"
    column: str
    scale: int
    correct: bool


Rater = ByLibrary | ByJudge | ByColumn
WAYS = (ByLibrary.way, ByJudge.way, ByColumn.way)
SCALES = (5, 10)


def library_of(model: str, named: str | None) -> Path:
    """Return the folder of rated texts: the one named, else the one beside a distiller. Raises ConfigError for none."""
    places = [Path(named)] if named else [Path(model) / "library", Path(model).parent / "library"]
    for place in places:
        if (place / bayes.SETTINGS).is_file():
            return place
    raise ConfigError(
        f"no library of rated texts at {' or '.join(map(str, places))}",
        "--library FOLDER (of `cuvee distill train`), or --rating judge or column",
    )
