"""The map: every row of the pool in the plane."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from cuvee import disk, render
from cuvee.arrays import F32
from cuvee.geometry.layout import layout
from cuvee.progress import bar, say
from cuvee.publication.ledger import Outcome
from cuvee.runs import Run, Step

EXCERPT = 300  # characters of a row's text in the map


def make_map(run: Run, outcome: Outcome, seed: int, depends: object) -> Step:
    """Make ``map.parquet``: one row per sample with x and y in [0, 1], null where it has no vector.

    A row that repeats another lies where that one lies.
    """

    def make(folder: Path) -> None:
        n = outcome.source.table.num_rows
        xy = np.full((n, 2), np.nan, dtype=np.float32)
        with bar("mapping", 2 * len(outcome.alive), "steps") as advance:
            xy[outcome.alive] = layout(outcome.pool.vectors, seed=seed, advance=advance)
        beside(xy, outcome)
        texts = render.plain_column(outcome.source.table["messages"])
        disk.save_table(folder / "map.parquet", points(outcome, xy, texts))

    step = run.step("map", {"rows": depends, "seed": seed}, make)
    if not step.reused:
        say(f"mapped    {outcome.source.table.num_rows:,} rows in {step.seconds:.1f} s")
    return step


def beside(xy: F32, outcome: Outcome) -> None:
    """Put a row that repeats another where that one lies. xy: (n, 2), NaN where a row has no place."""
    place = {name: row for row, name in enumerate(outcome.source.table["id"].to_pylist())}
    for row, keeper in enumerate(outcome.cleaned["related"].to_pylist()):
        if keeper in place and np.isnan(xy[row, 0]):
            xy[row] = xy[place[keeper]]


def points(outcome: Outcome, xy: F32, texts: list[str]) -> pa.Table:
    """Return the map's table, ``reports.page.POINTS``: one row per sample. xy: (n, 2), NaN where a row has no place."""
    table = outcome.source.table
    rank = np.zeros(len(xy), dtype=np.int32)
    rank[outcome.chosen] = np.arange(1, len(outcome.chosen) + 1)
    alive = np.zeros(len(xy), dtype=bool)
    alive[outcome.alive] = True
    status = np.where(rank > 0, "kept", np.where(alive, "free", "dropped"))
    return pa.table(
        {
            "id": table["id"],
            "x": pa.array(xy[:, 0], mask=np.isnan(xy[:, 0])),
            "y": pa.array(xy[:, 1], mask=np.isnan(xy[:, 1])),
            "status": status.tolist(),
            "rank": pa.array(rank, mask=rank == 0),
            "task": table["task"],
            "source": table["source"],
            "length": pa.array([len(text) for text in texts], pa.int32()),
            "reason": outcome.cleaned["reason"],
            "text": [text[:EXCERPT] for text in texts],
        }
    )
