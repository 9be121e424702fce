"""Rate by KNN-Bayes: what the rated texts nearest to a row say of it."""

import numpy as np

from cuvee import disk
from cuvee.arrays import F64
from cuvee.distillation.raters import KIND
from cuvee.distillation.ratings import Ratings
from cuvee.distiller.bayes import Library
from cuvee.distiller.kinds import KINDS, Turns
from cuvee.intake.ground import Ground
from cuvee.progress import bar, say
from cuvee.runs import Run, digest

BATCH = 4_096  # rows that are embedded at a time


def by_library(run: Run, ground: Ground, turns: list[Turns | None], library: Library) -> Ratings:
    """Rate every row that has an answer."""
    shelf = library.shelf(KIND)
    depends = {"ground": ground.fingerprint, "library": [library.embedder.version, digest(shelf.classes), shelf.voters]}
    step = run.step("rate", depends, lambda folder: disk.save_array(folder / "ratings.npy", _ratings(turns, library)))
    values: F64 = np.load(step.path / "ratings.npy")
    if not step.reused:
        rated = int(np.isfinite(values).sum())
        say(f"rated     {rated:,} of {len(values):,} rows by KNN-Bayes in {step.seconds:.1f} s")
    doubts = Library(library.embedder, library.named, library.texts, {KIND: shelf}).doubts()
    return Ratings(values, step.fingerprint, doubts, library)


def _ratings(turns: list[Turns | None], library: Library) -> F64:
    shelf, values = library.shelf(KIND), np.full(len(turns), np.nan)
    texts = {at: KINDS[KIND].write(*pair) for at, pair in enumerate(turns) if pair}
    rows = list(texts)
    with bar("rating", len(rows)) as advance:
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            values[part] = shelf.many(library.embedder.encode([texts[at] for at in part]))
            advance(len(part))
    return values
