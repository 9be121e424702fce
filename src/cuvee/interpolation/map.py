"""The map of a mixture: the pool's rows and the best blends, in the space that they were mixed in."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from cuvee import disk, render
from cuvee.arrays import F32, I64
from cuvee.geometry.layout import layout
from cuvee.interpolation.told import Interpolated
from cuvee.progress import say
from cuvee.publication.ledger import Outcome
from cuvee.publication.map import EXCERPT, beside, points
from cuvee.runs import Run, Step

DRAWN = 20_000  # blends with a place on the map, the best


def make_map(run: Run, done: Interpolated, outcome: Outcome) -> Step:
    """Make ``map.parquet``, as ``publication.map`` does, with blends as points of their own."""

    def make(folder: Path) -> None:
        disk.save_table(folder / "map.parquet", _points(done, outcome))

    step = run.step("map", {"mix": done.step.fingerprint, "seed": done.ask.seed}, make)
    if not step.reused:
        say(f"mapped    rows and blends in {step.seconds:.1f} s")
    return step


def _points(done: Interpolated, outcome: Outcome) -> pa.Table:
    X, kept = done.field.rows.X, done.kept
    shown = np.flatnonzero(~kept.real)[:DRAWN].astype(np.int64)
    placed = layout(np.concatenate([np.asarray(X, dtype=np.float32), kept[shown].vectors(X)]), seed=done.ask.seed)
    xy = np.full((outcome.source.table.num_rows, 2), np.nan, dtype=np.float32)
    xy[outcome.alive] = placed[: len(X)]
    beside(xy, outcome)
    texts = render.plain_column(outcome.source.table["messages"])
    real = points(outcome, xy, texts)
    rank = np.zeros(len(xy), dtype=np.int32)
    rank[outcome.chosen] = done.ranks[kept.real]
    real = real.set_column(real.schema.get_field_index("rank"), "rank", pa.array(rank, mask=rank == 0))
    more = _blend_points(done, shown, placed[len(X) :], [texts[row] for row in outcome.alive])
    return pa.concat_tables([real, more.cast(real.schema)])


def _blend_points(done: Interpolated, shown: I64, xy: F32, texts: list[str]) -> pa.Table:
    kept, ranks, half = done.kept[shown], done.ranks[shown], EXCERPT // 2
    task = [done.field.names[code] for code in done.field.rows.tasks]
    sides = list(zip(kept.left, kept.right, kept.weight, strict=True))
    return pa.table(
        {
            "id": [f"blend {rank}" for rank in ranks],
            "x": xy[:, 0],
            "y": xy[:, 1],
            "status": ["kept"] * len(shown),
            "rank": pa.array(ranks, pa.int32()),
            "task": [f"{task[a]} + {task[b]}" for a, b, _ in sides],
            "source": ["(blends)"] * len(shown),
            "length": pa.array([max(len(texts[a]), len(texts[b])) for a, b, _ in sides], pa.int32()),
            "reason": pa.array([None] * len(shown), pa.string()),
            "text": [f"{w:.0%}: {texts[a][:half]} | {1 - w:.0%}: {texts[b][:half]}" for a, b, w in sides],
        }
    )
