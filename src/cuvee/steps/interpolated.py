"""What an interpolation leaves behind: blends by reference, the real rows kept, the ledger, the map and the page."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cuvee import commands, render, rng
from cuvee.arrays import F32, I64
from cuvee.budget import Budget
from cuvee.geometry.layout import layout
from cuvee.mixing import coverage
from cuvee.mixing.mixing import Mixed
from cuvee.mixing.mixture import Mixture
from cuvee.models import causal
from cuvee.progress import say
from cuvee.result import Result
from cuvee.runs import Run, Step, sha256
from cuvee.samples import ledger as ledgers
from cuvee.samples.pool import Selection
from cuvee.steps import publishing, summary
from cuvee.steps.blending import Blending
from cuvee.steps.examples import examples
from cuvee.steps.mixtures import BLENDS, ROWS
from cuvee.steps.selecting import CHOSEN_BY, Ground
from cuvee.steps.settings import Settings

DRAWN = 20_000  # blends with a place on the map, the best
SHARES = 10  # bins of the histogram of lambda


@dataclass(frozen=True)
class Wanted:
    """A checked ``cuvee interpolate``. base: folder of the model that will be tuned."""

    ground: Settings
    settings: Blending
    budget: Budget
    base: Path
    max_length: int
    seed: int
    typed: dict[str, Any]


@dataclass(frozen=True)
class Interpolated:
    """A finished interpolation. X: (n, d) vectors that were mixed. tasks: (n,) codes of ``names``. told: counts of mixing."""

    wanted: Wanted
    ground: Ground
    X: F32
    tasks: I64
    names: list[str]
    lengths: I64
    mixed: Mixed
    told: dict[str, int]
    measures: dict[str, Any]
    step: Step
    notes: list[str]

    @property
    def kept(self) -> Mixture:
        """The mixture, best first."""
        return self.mixed.kept


def finish(run: Run, done: Interpolated) -> Result:
    """Publish; return what the verb returns."""
    wanted, ground = done.wanted, done.ground
    outcome = publishing.Outcome(ground.source, ground.table, ground.alive, ground.pool, _selection(done))
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


def _ranks(done: Interpolated) -> I64:
    """Return (k,) 1, 2, ...: the place of every kept entry."""
    return np.arange(1, len(done.kept) + 1, dtype=np.int64)


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


def _ledger(done: Interpolated, outcome: publishing.Outcome) -> pa.Table:
    """Return the ledger: a real row that was kept has its place in the mixture; one that only blends hold is merged."""
    ledger = publishing.make_ledger(outcome, "")
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


def _map(run: Run, done: Interpolated, outcome: publishing.Outcome) -> Step:
    """Make ``map.parquet``: the pool's rows and the best blends, in the space that they were mixed in."""

    def make(folder: Path) -> None:
        shown = np.flatnonzero(~done.kept.real)[:DRAWN].astype(np.int64)
        blends = done.kept[shown]
        together = np.concatenate([np.asarray(done.X, dtype=np.float32), blends.vectors(done.X)])
        placed = layout(together, seed=done.wanted.seed)
        xy = np.full((outcome.source.table.num_rows, 2), np.nan, dtype=np.float32)
        xy[outcome.alive] = placed[: len(done.X)]
        publishing.beside(xy, outcome)
        texts = render.plain_column(outcome.source.table["messages"])
        points = publishing.points(outcome, xy, texts)
        rank = np.zeros(len(xy), dtype=np.int32)
        rank[outcome.chosen] = _ranks(done)[done.kept.real]
        points = points.set_column(points.schema.get_field_index("rank"), "rank", pa.array(rank, mask=rank == 0))
        more = _blend_points(done, shown, placed[len(done.X) :], [texts[row] for row in outcome.alive])
        pq.write_table(pa.concat_tables([points, more.cast(points.schema)]), folder / "map.parquet", compression="zstd")

    step = run.step("map", {"mix": done.step.fingerprint, "seed": done.wanted.seed}, make)
    if not step.reused:
        say(f"mapped    rows and blends in {step.seconds:.1f} s")
    return step


def _blend_points(done: Interpolated, shown: I64, xy: F32, texts: list[str]) -> pa.Table:
    kept, half = done.kept[shown], publishing.EXCERPT // 2
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


def _told(told: dict[str, Any], done: Interpolated, counts: dict[str, int]) -> dict[str, Any]:
    """Turn the summary of the real rows into that of the mixture."""
    kept, wanted = done.kept, done.wanted
    rows, blends = int(kept.real.sum()), int((~kept.real).sum())
    mixing = wanted.settings.mixing
    told["title"] = f"{rows:,} rows and {blends:,} blends of {done.ground.source.total:,} rows"
    note = told["selection"].pop("note", "")
    told["warnings"] = [warning for warning in told["warnings"] if warning != note]  # of rows alone
    told["rows"]["free"] = len(done.ground.pool) - counts["kept"] - counts["merged"]
    told["selection"] |= {
        "method": "interpolate", "model": wanted.typed["model"], "alpha": mixing.alpha, "clusters": mixing.clusters,
        "gain": "distance to the centre of its cluster, lower is denser"
        if mixing.density == "nearest" else "mean distance to its nearest neighbours, lower is denser",
    }  # fmt: skip
    told["mixture"] = _figures(done, rows, blends)
    told["shares"] = _shares(kept)
    told["blends"] = examples(done.ground, done.X, [done.names[code] for code in done.tasks], kept)
    told["distributions"].pop("length", None)
    told["distributions"]["task"] = _task_bars(done)
    told["sentence"] = _sentence(told["mixture"], told["sentence"])
    told["warnings"] += _warnings(done, blends)
    return told


def _figures(done: Interpolated, rows: int, blends: int) -> dict[str, Any]:
    kept, pool = done.kept, len(done.ground.pool)
    order = np.argsort(
        rng.keyed(done.ground.pool.keys, int(rng.stream(done.wanted.seed, "random", "0").integers(2**62)))
    )
    drawn = len(np.unique(done.tasks[order[: len(kept)]]))
    real = kept[np.flatnonzero(kept.real)]
    minor = np.minimum(kept.weight, 1 - kept.weight)[~kept.real]
    short = np.minimum(done.lengths[kept.left], done.lengths[kept.right])[~kept.real]
    long = np.maximum(done.lengths[kept.left], done.lengths[kept.right])[~kept.real]
    return {
        "real rows kept": rows,
        "blends kept": blends,
        "blends drawn": done.told["drawn"],
        "pairs there are": done.told["possible"],
        "rows that stand in it": len(kept.rows()),
        "rows of the pool": pool,
        "tasks": len(done.names),
        "tasks in it": coverage.tasks_reached(kept, done.tasks),
        "tasks in its real rows": coverage.tasks_reached(real, done.tasks),
        "tasks in as many random rows": drawn,
        "mean smaller share of a blend": round(float(minor.mean()), 4) if blends else 0.0,
        "share of a blend's length with both sides": round(float((short / long).mean()), 4) if blends else 0.0,
    }


def _shares(kept: Mixture) -> list[dict[str, Any]]:
    """Return the histogram of lambda over the kept blends."""
    counts, edges = np.histogram(kept.weight[~kept.real], SHARES, (0, 1))
    return [
        {"from": round(float(low), 2), "to": round(float(high), 2), "blends": int(count)}
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    ]


def _task_bars(done: Interpolated) -> list[dict[str, Any]]:
    """Return rows of each task in the pool and its mass in the mixture, rounded: a blend counts by its shares."""
    pool = np.bincount(done.tasks, minlength=len(done.names))
    mass = coverage.task_mass(done.kept, done.tasks, len(done.names))
    order = np.argsort(-pool, kind="stable")
    bars = [
        {"label": done.names[at], "pool": int(pool[at]), "selection": round(mass[at])} for at in order[: summary.BARS]
    ]
    rest = order[summary.BARS :]
    if len(rest):
        others = {"pool": int(pool[rest].sum()), "selection": round(float(mass[rest].sum()))}
        bars.append({"label": f"{len(rest)} others", **others})
    return bars


def _sentence(figures: dict[str, Any], measured: str) -> str:
    _, _, beside = measured.partition(". ")
    head = (
        f"{figures['real rows kept']:,} rows and {figures['blends kept']:,} blends, made of "
        f"{figures['rows that stand in it']:,} of {figures['rows of the pool']:,} clean rows, reach "
        f"{figures['tasks in it']:,} of {figures['tasks']:,} tasks; as many random rows reach "
        f"{figures['tasks in as many random rows']:,}."
    )
    return f"{head} {beside}".strip()


def _warnings(done: Interpolated, blends: int) -> list[str]:
    found, mixing, pool = [], done.wanted.settings.mixing, len(done.ground.pool)
    if done.wanted.budget.kind != "tokens" and done.wanted.budget.rows(pool) > len(done.kept):
        asked = done.wanted.budget.rows(pool)
        found.append(f"{asked:,} rows and blends were asked for; there are {len(done.kept):,}, and all were kept")
    if done.told["drawn"] < mixing.drawn(pool):
        found.append(f"{mixing.drawn(pool):,} blends were asked for; there are {done.told['drawn']:,} different pairs")
    if blends:
        found.append("only `cuvee train` reads blends: another trainer sees the real rows of the mixture alone")
    return found


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
