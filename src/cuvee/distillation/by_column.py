"""Rate by what the rows say of themselves; new rows are then rated by KNN-Bayes over the rated rows."""

import numpy as np

from cuvee import embedders
from cuvee.arrays import F64
from cuvee.distillation.raters import KIND, ByColumn
from cuvee.distillation.ratings import Ratings
from cuvee.distiller import bayes
from cuvee.distiller.bayes import Library, compressed
from cuvee.distiller.examples import Rated
from cuvee.distiller.kinds import KINDS, Turns
from cuvee.errors import InputError
from cuvee.intake.ground import Ground
from cuvee.loose_json import loosely
from cuvee.runs import digest

NONE = float("nan")


def by_column(ground: Ground, turns: list[Turns | None], rater: ByColumn) -> Ratings:
    """Read the ratings in a column of the rows. Raises InputError where no row has one."""
    raws = ground.source.table["raw"]
    values = np.array([_number(raws[int(at)].as_py(), rater) for at in ground.alive])
    values[[at for at, pair in enumerate(turns) if pair is None]] = NONE
    if not np.isfinite(values).any():
        raise InputError(f"no row has a rating in {rater.column!r}", "name the column with --rating-column")
    return Ratings(values, digest([ground.fingerprint, values]), [], _library(ground, turns, values))


def _library(ground: Ground, turns: list[Turns | None], values: F64) -> Library:
    embedder, _ = embedders.resolve(ground.embedder.name)
    texts = [
        Rated(KIND, KINDS[KIND].write(*pair), float(value))
        for pair, value in zip(turns, values, strict=True)
        if pair and np.isfinite(value)
    ]
    return bayes.build(texts, embedder, ground.embedder.name)


def _number(raw: bytes, rater: ByColumn) -> float:
    try:
        row = loosely(raw)
    except ValueError:  # a row that was made has no raw one
        return NONE
    value = _read(row.get(rater.column)) if isinstance(row, dict) else NONE
    if rater.scale == 10:
        return compressed(value) if 1 <= value <= 10 else NONE
    return value if 0 <= value <= 5 else NONE


def _read(value: object) -> float:
    """Return a number, or a text that is one; NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return NONE
    try:
        return float(value)
    except (ValueError, OverflowError):
        return NONE
