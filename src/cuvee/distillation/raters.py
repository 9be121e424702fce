"""How the rows of a pool are rated: by rated texts that lie near, by what near rows say, by a chat model, or by a column."""

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


@dataclass(frozen=True)
class ByAgreement:
    """What near rows say to the same question (``distillation.by_agreement``). why: in place of what, for people; ""
    where it was named.
    """

    way: ClassVar[str] = "agreement"
    why: str = ""


Rater = ByLibrary | ByAgreement | ByJudge | ByColumn
AUTO = "auto"  # the distiller's library where its ratings can be trusted, else agreement
WAYS = (AUTO, ByLibrary.way, ByAgreement.way, ByJudge.way, ByColumn.way)
SCALES = (5, 10)
KIND = "qa"  # the form that the rows of a pool are shown in


def library_of(model: str, named: str | None) -> Path:
    """Return the folder of rated texts: the one named, else the one beside a distiller. Raises ConfigError for none."""
    places = [Path(named)] if named else [Path(model) / "library", Path(model).parent / "library"]
    for place in places:
        if (place / bayes.SETTINGS).is_file():
            return place
    raise ConfigError(
        f"no library of rated texts at {' or '.join(map(str, places))}",
        "--library FOLDER (of `cuvee distill train`), or --rating agreement, judge or column",
    )


def fitting(model: str, named: str | None) -> ByLibrary | ByAgreement:
    """Return the library's way where one is there that tells good rows from weak ones, else agreement.

    Raises ConfigError where the library that was named is not there.
    """
    try:
        folder = library_of(model, named)
    except ConfigError:
        if named:
            raise
        return ByAgreement("there is no library of rated texts")
    chance = bayes.trust_of(folder, KIND)
    if chance is None or chance >= bayes.TRUSTED:
        return ByLibrary(folder)
    return ByAgreement(
        f"KNN-Bayes over {folder} rates a good text above a weak one with chance {chance:.2f} (0.5: a coin)"
    )
