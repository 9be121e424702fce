"""Compare vectors: what falls because it is too near to an evaluation item, or to an earlier row."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa

from cuvee import render
from cuvee.cleaners import contamination, duplicates
from cuvee.geometry.neighbours import neighbours
from cuvee.intake.embed import Embedded
from cuvee.intake.near import near_threshold
from cuvee.progress import say
from cuvee.runs import Run, Step, digest, write_json

Fall = tuple[int, str, str, str | None]  # row, stage, reason, what it repeats or holds
Fallen = Sequence[Fall]


def compare(run: Run, embedded: Embedded, rows: pa.Table, items: list[str], near_vectors: str) -> tuple[Step, Fallen]:
    """Return the step and what falls by its vector: contamination first, then near duplicates, in row order.

    rows: the embedded rows, with ids and messages. items: texts of evaluation items. near_vectors: as the verb takes it.
    """

    def make(folder: Path) -> None:
        fallen = _contaminated(embedded, rows, items) if items else []
        fallen += _near(embedded, rows, near_vectors, {row for row, *_ in fallen})
        write_json(folder / "fallen.json", fallen)

    depends = {"embed": embedded.step.fingerprint, "items": digest(items), "near": near_vectors}
    step = run.step("compare", depends, make)
    fallen: Fallen = [tuple(row) for row in orjson.loads((step.path / "fallen.json").read_bytes())]
    if fallen and not step.reused:
        say(f"compared  {len(fallen):,} more rows fall by their vectors in {step.seconds:.1f} s")
    return step, fallen


def _contaminated(embedded: Embedded, rows: pa.Table, items: list[str]) -> list[Fall]:
    embedder = embedded.embedder
    if embedder.fitted and embedded.step.reused:  # its vectors are there, what it learnt is not
        embedder.fit(render.plain_column(rows["messages"]))
    result = contamination.contamination_vectors(embedded.X, embedder.encode(items), threshold=embedder.near)
    return [
        (
            int(row),
            "contamination",
            f"cosine {result.share[row]:.3f} to an evaluation item",
            items[result.item[row]][:300],
        )
        for row in np.flatnonzero(result.item >= 0)
    ]


def _near(embedded: Embedded, rows: pa.Table, near_vectors: str, gone: set[int]) -> list[Fall]:
    X, embedder = embedded.X, embedded.embedder
    threshold = near_threshold(near_vectors, lambda: neighbours(X, 1)[1][:, 0], calibrated=embedder.near)
    if threshold is None:
        return []
    stand = np.array([row for row in range(len(X)) if row not in gone], dtype=np.int64)
    near = duplicates.near_vectors(X[stand] if gone else X, threshold=threshold)
    ids = rows["id"]
    return [
        (
            int(stand[at]),
            "duplicates",
            f"near duplicate: cosine {near.similarity[at]:.3f}",
            ids[int(stand[near.keeper[at]])].as_py(),
        )
        for at in np.flatnonzero(near.keeper >= 0)
    ]
