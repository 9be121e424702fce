"""What an interpolation leaves behind: blends by reference, the real rows kept, the ledger, the map and the page."""

from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from cuvee import commands
from cuvee.intake.ground import CHOSEN_BY
from cuvee.interpolation.map import make_map
from cuvee.interpolation.told import Interpolated, tell
from cuvee.models import causal
from cuvee.publication.ledger import Outcome
from cuvee.publication.measure import Measures
from cuvee.publication.story import Asked, Story
from cuvee.runs import Run, Step
from cuvee.samples.pool import Selection
from cuvee.training.mixtures import BLENDS, ROWS, described


def story(run: Run, done: Interpolated, measured: tuple[Step, Measures]) -> Story:
    """Return what is to be published. measured: how well the mixture covers its pool."""
    ask, ground = done.ask, done.field.ground
    outcome = Outcome(ground.source, ground.table, ground.alive, ground.pool, _selection(done))
    return Story(
        asked=_asked(done),
        ground=ground,
        outcome=outcome,
        depends=done.step.fingerprint,
        next=partial(_next, ask.model),
        measured=measured,
        mapped=make_map(run, done, outcome),
        correct=partial(_correct, done),
        tell=partial(tell, done),
        notes=done.field.notes,
        tables={BLENDS: _blends(done), ROWS: _rows(done)},
        manifest={
            "model": {"name": ask.model, "version": causal.version_of(ask.base)},
            "max_length": ask.max_length,
        },
        first=BLENDS,
    )


def _asked(done: Interpolated) -> Asked:
    ask = done.ask
    return Asked(
        verb="interpolate",
        typed=ask.typed,
        publishing=ask.publishing,
        seed=ask.seed,
        method="interpolate",
        budget=str(ask.typed["budget"]),
        rows=None,  # the budget is of rows and blends together: ``tell`` says where it was not filled
    )


def _next(model: str, folder: Path, ledger: pa.Table) -> str:
    return commands.line("cuvee", "train", folder, "--model", model)


def _selection(done: Interpolated) -> Selection:
    """Return the real rows that were kept, in order of the mixture."""
    real = done.kept.real
    reason = f"densest of its cluster of rows{'' if done.ask.blending.mixing.beside else ' and blends'}"
    return Selection(done.kept.left[real], done.mixed.sparsity[real].astype(np.float32), [reason])


def _blends(done: Interpolated) -> pa.Table:
    """Return one line per kept blend: ids of both rows, the left one's share, and its place in the mixture."""
    ids, blend = done.field.ground.pool.table["id"], ~done.kept.real
    left, right = done.kept.left[blend], done.kept.right[blend]
    return pa.table(
        {
            "left": ids.take(pa.array(left)).combine_chunks().cast(pa.string()),
            "right": ids.take(pa.array(right)).combine_chunks().cast(pa.string()),
            "weight": pa.array(done.kept.weight[blend], pa.float32()),
            "rank": pa.array(done.ranks[blend], pa.int32()),
        }
    ).replace_schema_metadata(described(done.kept.reading))


def _rows(done: Interpolated) -> pa.Table:
    """Return every row that training needs, kept or a side of a blend, with its place in the mixture (null for a side)."""
    pool, kept, rows = done.field.ground.pool, done.kept, done.kept.rows()
    rank = np.zeros(len(pool), dtype=np.int64)
    rank[kept.left[kept.real]] = done.ranks[kept.real]
    table = pool.table.select(CHOSEN_BY).take(pa.array(rows)).combine_chunks()
    return table.append_column("rank", pa.array(rank[rows], pa.int32(), mask=rank[rows] == 0))


def _correct(done: Interpolated, ledger: pa.Table) -> pa.Table:
    """Return the ledger: a real row that was kept has its place in the mixture; one that only blends hold is merged."""
    kept, alive, ranks, blend = done.kept, done.field.ground.alive, done.ranks, ~done.kept.real
    sides = np.concatenate([kept.left[blend], kept.right[blend]])
    count = np.bincount(sides, minlength=len(alive))
    first = np.full(len(alive), len(kept) + 1, dtype=np.int64)
    np.minimum.at(first, sides, np.tile(ranks[blend], 2))
    status, rank, reason = (ledger[name].to_pylist() for name in ("status", "rank", "reason"))
    for row, place in zip(kept.left[kept.real], ranks[kept.real], strict=True):
        rank[alive[row]] = int(place)
    for row in np.flatnonzero(count):
        at, kept_too = int(alive[row]), status[alive[row]] == "kept"
        many = f"{count[row]:,} blend{'s' if count[row] > 1 else ''}, the best of rank {first[row]:,}"
        reason[at] = f"{reason[at]}; also in {many}" if kept_too else f"lives on in {many}"
        status[at] = "kept" if kept_too else "merged"
    return _with(ledger, {"status": status, "rank": rank, "reason": reason})


def _with(ledger: pa.Table, columns: dict[str, list[object]]) -> pa.Table:
    """Return the ledger with these columns in place of its own."""
    for name, column in columns.items():
        at = ledger.schema.get_field_index(name)
        ledger = ledger.set_column(at, name, pa.array(column, ledger.schema.field(name).type))
    return ledger
