"""What an interpolation leaves behind: blends by reference, the real rows kept, the ledger, the map and the page."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cuvee import commands, render
from cuvee.arrays import F32, I64
from cuvee.geometry.layout import layout
from cuvee.intake.ground import CHOSEN_BY
from cuvee.interpolation.told import Interpolated, _ranks, _told
from cuvee.models import causal
from cuvee.progress import say
from cuvee.publication import publish as publishing
from cuvee.publication import summary
from cuvee.publication.ledger import Outcome, make_ledger
from cuvee.publication.map import EXCERPT, beside, points
from cuvee.result import Result
from cuvee.runs import Run, Step, sha256
from cuvee.samples import ledger as ledgers
from cuvee.samples.pool import Selection
from cuvee.training.mixtures import BLENDS, ROWS

DRAWN = 20_000  # blends with a place on the map, the best


def finish(run: Run, done: Interpolated) -> Result:
    """Publish; return what the verb returns."""
    wanted, ground = done.wanted, done.ground
    outcome = Outcome(ground.source, ground.table, ground.alive, ground.pool, _selection(done))
    mapped = _map(run, done, outcome)
    ledger = _ledger(done, outcome)
    counts = ledgers.check(ledger, ground.source.total)
    command = commands.command("interpolate", wanted.typed, run.path)
    facts = summary.Facts(
        wanted.ground, run.path, ground.source, ledger, counts, ground.pool, outcome.selection, done.measures, command
    )
    told = _told(summary.summarise(facts, ground.embedder, [*ground.notes, *done.notes]), done, counts)
    files = publishing.publish(
        run, outcome, mapped, ledger, told, format=wanted.ground.format, file=wanted.ground.file,
        depends=[done.step.fingerprint, mapped.fingerprint], tables={BLENDS: _blends(done), ROWS: _rows(done)},
    )  # fmt: skip
    files.sort(key=lambda path: path.name != BLENDS)
    _write_manifest(run, done, counts, files)
    return Result(run.path, told, files, next=f"cuvee train {run.path} --model {wanted.typed['model']}")


def _selection(done: Interpolated) -> Selection:
    """Return the real rows that were kept, in order of the mixture."""
    real = done.kept.real
    reason = "densest of its cluster of rows and blends"
    return Selection(done.kept.left[real], done.mixed.sparsity[real].astype(np.float32), [reason])


def _blends(done: Interpolated) -> pa.Table:
    """Return one line per kept blend: ids of both rows, the left one's share, and its place in the mixture."""
    ids, blend = done.ground.pool.table["id"], ~done.kept.real
    left, right = done.kept.left[blend], done.kept.right[blend]
    return pa.table(
        {
            "left": ids.take(pa.array(left)).combine_chunks().cast(pa.string()),
            "right": ids.take(pa.array(right)).combine_chunks().cast(pa.string()),
            "weight": pa.array(done.kept.weight[blend], pa.float32()),
            "rank": pa.array(_ranks(done)[blend], pa.int32()),
        }
    )


def _rows(done: Interpolated) -> pa.Table:
    """Return every row that training needs, kept or a side of a blend, with its place in the mixture (null for a side)."""
    rows = done.kept.rows()
    rank = np.zeros(len(done.ground.pool), dtype=np.int64)
    rank[done.kept.left[done.kept.real]] = _ranks(done)[done.kept.real]
    table = done.ground.pool.table.select(CHOSEN_BY).take(pa.array(rows)).combine_chunks()
    return table.append_column("rank", pa.array(rank[rows], pa.int32(), mask=rank[rows] == 0))


def _ledger(done: Interpolated, outcome: Outcome) -> pa.Table:
    """Return the ledger: a real row that was kept has its place in the mixture; one that only blends hold is merged."""
    ledger = make_ledger(outcome, "")
    kept, alive = done.kept, outcome.alive
    ranks, blend = _ranks(done), ~done.kept.real
    sides = np.concatenate([kept.left[blend], kept.right[blend]])
    count = np.bincount(sides, minlength=len(alive))
    first = np.full(len(alive), len(kept) + 1, dtype=np.int64)
    np.minimum.at(first, sides, np.tile(ranks[blend], 2))
    status, rank, reason = (ledger[name].to_pylist() for name in ("status", "rank", "reason"))
    for row, place in zip(kept.left[kept.real], ranks[kept.real], strict=True):
        rank[alive[row]] = int(place)
    for row in np.flatnonzero(count):
        at, many = (
            int(alive[row]),
            f"{count[row]:,} blend{'s' if count[row] > 1 else ''}, the best of rank {first[row]:,}",
        )
        kept_too = status[at] == "kept"
        reason[at] = f"{reason[at]}; also in {many}" if kept_too else f"lives on in {many}"
        status[at] = "kept" if kept_too else "merged"
    for name, column in (("status", status), ("rank", rank), ("reason", reason)):
        field = ledger.schema.get_field_index(name)
        ledger = ledger.set_column(field, name, pa.array(column, ledger.schema.field(name).type))
    return ledger


def _map(run: Run, done: Interpolated, outcome: Outcome) -> Step:
    """Make ``map.parquet``: the pool's rows and the best blends, in the space that they were mixed in."""

    def make(folder: Path) -> None:
        shown = np.flatnonzero(~done.kept.real)[:DRAWN].astype(np.int64)
        blends = done.kept[shown]
        together = np.concatenate([np.asarray(done.X, dtype=np.float32), blends.vectors(done.X)])
        placed = layout(together, seed=done.wanted.seed)
        xy = np.full((outcome.source.table.num_rows, 2), np.nan, dtype=np.float32)
        xy[outcome.alive] = placed[: len(done.X)]
        beside(xy, outcome)
        texts = render.plain_column(outcome.source.table["messages"])
        real = points(outcome, xy, texts)
        rank = np.zeros(len(xy), dtype=np.int32)
        rank[outcome.chosen] = _ranks(done)[done.kept.real]
        real = real.set_column(real.schema.get_field_index("rank"), "rank", pa.array(rank, mask=rank == 0))
        more = _blend_points(done, shown, placed[len(done.X) :], [texts[row] for row in outcome.alive])
        pq.write_table(pa.concat_tables([real, more.cast(real.schema)]), folder / "map.parquet", compression="zstd")

    step = run.step("map", {"mix": done.step.fingerprint, "seed": done.wanted.seed}, make)
    if not step.reused:
        say(f"mapped    rows and blends in {step.seconds:.1f} s")
    return step


def _blend_points(done: Interpolated, shown: I64, xy: F32, texts: list[str]) -> pa.Table:
    kept, half = done.kept[shown], EXCERPT // 2
    sides = list(zip(kept.left, kept.right, kept.weight, strict=True))
    return pa.table(
        {
            "id": [f"blend {rank}" for rank in _ranks(done)[shown]],
            "x": xy[:, 0],
            "y": xy[:, 1],
            "status": ["kept"] * len(shown),
            "rank": pa.array(_ranks(done)[shown], pa.int32()),
            "task": [f"{done.names[done.tasks[a]]} + {done.names[done.tasks[b]]}" for a, b, _ in sides],
            "source": ["(blends)"] * len(shown),
            "length": pa.array([max(len(texts[a]), len(texts[b])) for a, b, _ in sides], pa.int32()),
            "reason": pa.array([None] * len(shown), pa.string()),
            "text": [f"{w:.0%}: {texts[a][:half]} | {1 - w:.0%}: {texts[b][:half]}" for a, b, w in sides],
        }
    )


def _write_manifest(run: Run, done: Interpolated, counts: dict[str, int], files: list[Path]) -> None:
    wanted, ground = done.wanted, done.ground
    outputs = [{"file": path.name, "bytes": path.stat().st_size, "sha256": sha256(path)} for path in files]
    settings = {name: str(value) if isinstance(value, Path) else value for name, value in wanted.typed.items()}
    run.finish(
        {
            "verb": "interpolate",
            "settings": settings,
            "seed": wanted.seed,
            "inputs": ground.source.files,
            "outputs": outputs,
            "rows": {"input": ground.source.total, **{status: counts[status] for status in ledgers.STATUSES}},
            "model": {"name": wanted.typed["model"], "version": causal.version_of(wanted.base)},
            "embedder": {"name": ground.embedder.name, "version": ground.embedder.version},
            "max_length": wanted.max_length,
            "notes": [*ground.notes, *done.notes],
        }
    )
