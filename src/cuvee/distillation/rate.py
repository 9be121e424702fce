"""Rate: what every row of a pool is worth, 0 to 5: by a judge, by KNN-Bayes, or by a column that the rows have."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from cuvee import embedders, render
from cuvee.arrays import F64, I64
from cuvee.distillation.correction import corrected
from cuvee.distillation.distill import KIND
from cuvee.distiller import bayes
from cuvee.distiller.bayes import Library, compressed
from cuvee.distiller.examples import Rated
from cuvee.distiller.kinds import KINDS, Turns
from cuvee.errors import ConfigError, InputError
from cuvee.intake import judge as judging
from cuvee.intake.ground import Ground
from cuvee.intake.score import score
from cuvee.progress import bar, say
from cuvee.runs import Run, digest
from cuvee.samples.pool import Pool
from cuvee.scorers.judge import Judge

WAYS = ("bayes", "judge", "column")
OVERALL = "judge-mixup-overall"
BATCH = 4_096


@dataclass(frozen=True)
class How:
    """A way to rate. library: of bayes. judge: of judge. column, scale: of column; scale 10 is compressed to 0 to 5.

    correct: put the ratings right by those of the nearest rows (``distillation.correction``); not with bayes, which does.
    """

    way: str
    library: Path | None = None
    judge: judging.Judging | None = None
    column: str = ""
    scale: int = 5
    correct: bool = False


@dataclass(frozen=True)
class Ratings:
    """values: (n,) 0 to 5, NaN where a row could not be rated. again: rates a new row, None where that cannot be told."""

    values: F64
    fingerprint: str
    notes: list[str]
    library: Library | None


def turns_of(pool: Pool) -> list[Turns | None]:
    """Return question and answer of every row; None where it has no answer."""
    talks = pool.table["messages"].to_pylist()
    pairs = [(render.prompt(talk), render.response(talk)) for talk in talks]
    return [
        (question, answer) if question.strip() and answer and answer.strip() else None for question, answer in pairs
    ]


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


def rate(run: Run, ground: Ground, how: How, judge: Judge | None, turns: list[Turns | None]) -> Ratings:
    """Rate every row of the ground. Raises InputError where a column is missing from all rows."""
    if how.way == "judge":
        assert judge is not None
        pool, step = score(run, ground.pool, [OVERALL], ground.fingerprint, None, judge)
        raw = pool.scores[OVERALL].astype(np.float64)
        values = np.array([np.nan if np.isnan(v) else compressed(float(v)) for v in raw])
        return Ratings(values, step.fingerprint, judge.counts[OVERALL].notes(OVERALL), None)
    if how.way == "column":
        return _by_column(ground, how, turns)
    assert how.library is not None
    return _by_library(run, ground, bayes.load(how.library), turns)


def put_right(ground: Ground, rated: Ratings) -> Ratings:
    """Return the ratings after the rater's errors, told from neighbours that disagree, were taken out (DS2)."""
    values, T = corrected(np.asarray(ground.pool.vectors), rated.values)
    sure = ", ".join(f"{at}: {share:.0%}" for at, share in enumerate(np.diag(T)))
    note = f"ratings are corrected by their neighbours; how often the rater is right, by class: {sure}"
    return replace(rated, values=values, fingerprint=digest([rated.fingerprint, values]), notes=[*rated.notes, note])


def _by_library(run: Run, ground: Ground, library: Library, turns: list[Turns | None]) -> Ratings:
    shelf = library.shelf(KIND)

    def make(folder: Path) -> None:
        values = np.full(len(turns), np.nan)
        rows = [at for at, pair in enumerate(turns) if pair]
        with bar("rating", len(rows)) as advance:
            for start in range(0, len(rows), BATCH):
                part = rows[start : start + BATCH]
                X = library.embedder.encode([KINDS[KIND].write(*pair) for at in part if (pair := turns[at])])
                values[part] = shelf.many(X)
                advance(len(part))
        np.save(folder / "ratings.npy", values)

    depends = {"ground": ground.fingerprint, "library": [library.embedder.version, digest(shelf.classes), shelf.voters]}
    step = run.step("rate", depends, make)
    values: F64 = np.load(step.path / "ratings.npy")
    if not step.reused:
        say(
            f"rated     {int(np.isfinite(values).sum()):,} of {len(values):,} rows by KNN-Bayes in {step.seconds:.1f} s"
        )
    doubts = Library(library.embedder, library.named, library.texts, {KIND: shelf}).doubts()
    return Ratings(values, step.fingerprint, doubts, library)


def _by_column(ground: Ground, how: How, turns: list[Turns | None]) -> Ratings:
    """Read the rows' own ratings; new rows are then rated by KNN-Bayes over the rated rows."""
    raws = ground.source.table["raw"]
    values = np.array([_number(raws[int(at)].as_py(), how) for at in ground.alive])
    values[[at for at, pair in enumerate(turns) if pair is None]] = np.nan
    if not np.isfinite(values).any():
        raise InputError(f"no row has a rating in {how.column!r}", "name the column with --rating-column")
    embedder, _ = embedders.resolve(ground.embedder.name)
    texts = [
        Rated(KIND, KINDS[KIND].write(*pair), float(value))
        for pair, value in zip(turns, values, strict=True)
        if pair and np.isfinite(value)
    ]
    library = bayes.build(texts, embedder, ground.embedder.name)
    return Ratings(values, digest([ground.fingerprint, values]), [], library)


def _number(raw: bytes, how: How) -> float:
    try:
        row: Any = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return float("nan")
    value = row.get(how.column) if isinstance(row, dict) else None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return float("nan")
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        return float("nan")
    if how.scale == 10:
        return compressed(float(value)) if 1 <= value <= 10 else float("nan")
    return float(value) if 0 <= value <= 5 else float("nan")


def again(ratings: Ratings, judge: Judge | None, made: list[Turns]) -> list[float | None]:
    """Return the ratings of new rows, 0 to 5; None where one could not be rated."""
    if ratings.library is not None:
        return [ratings.library.rate(KIND, KINDS[KIND].write(*row)) for row in made]
    assert judge is not None
    from cuvee.distiller.strong import overall, rating

    replies = judge.chat.ask([rating(KIND, KINDS[KIND].write(*row)) for row in made], label="rating new rows")
    return [None if reply is None else overall(reply.text) for reply in replies]


def weak(values: F64, good: float) -> tuple[I64, I64, I64]:
    """Return the rows rated below ``good``, those from it on, and those without a rating."""
    known = np.isfinite(values)
    low = np.flatnonzero(known & (values < good)).astype(np.int64)
    return low, np.flatnonzero(known & (values >= good)).astype(np.int64), np.flatnonzero(~known).astype(np.int64)
