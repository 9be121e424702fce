"""The main job: read, clean, embed, choose, measure, publish, in that order, each step made only where it is missing."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from cuvee import commands
from cuvee.intake import judge as judging
from cuvee.intake import plan
from cuvee.intake.asked import PoolAsk, bind
from cuvee.intake.ground import Ground, prepare
from cuvee.intake.score import cut_shares, score
from cuvee.publication import publish as publishing
from cuvee.publication import summary
from cuvee.publication.ledger import Outcome, make_ledger
from cuvee.publication.map import make_map
from cuvee.publication.measure import measure
from cuvee.result import Result
from cuvee.result.measures import PlantedRow
from cuvee.runs import Run, open_run, sha256
from cuvee.samples import ledger as ledgers
from cuvee.samples.pool import Pool, Selection
from cuvee.scorers import health
from cuvee.scorers.health import Health
from cuvee.scorers.length import length
from cuvee.selection.choose import choose

Found = Callable[[pa.Table], list[PlantedRow]]


def run_select(*, out: Path, dry_run: bool, found: Found | None = None, **typed: Any) -> Result:
    """Do what ``cuvee.verbs.select`` says.

    found: ledger -> what was found of what was planted, for a pool whose faults are known.
    """
    wanted = bind(typed)
    if dry_run:
        return plan.plan(wanted, Path(out))
    with open_run(Path(out)) as run:
        return _select(run, wanted, found)


def _select(run: Run, wanted: PoolAsk, found: Found | None) -> Result:
    ground = prepare(run, wanted)
    scored = _score(run, wanted, ground)
    pool = scored.pool
    chosen, selection = choose(run, pool, wanted.request, ground.tokens, [ground.fingerprint, scored.fingerprint])
    measured, measures = measure(
        run,
        pool,
        selection.rows,
        ground.tokens,
        twin=ground.embedder.near,
        draws=wanted.draws,
        seed=wanted.seed,
        depends=[ground.fingerprint, chosen.fingerprint],
    )
    outcome = Outcome(ground.source, ground.table, ground.alive, pool, selection)
    mapped = make_map(run, outcome, wanted.seed, depends=[ground.fingerprint, chosen.fingerprint])
    ledger = make_ledger(outcome, ", ".join(map(str, wanted.given)))
    counts = ledgers.check(ledger, ground.source.total)
    command = commands.command("select", wanted.typed, run.path)
    facts = summary.Facts(
        wanted, run.path, ground.source, ledger, counts, pool, selection, measures, command, scored.health
    )
    told = summary.summarise(facts, ground.embedder, [*ground.notes, *scored.notes])
    if found is not None:
        told["found"] = found(ledger)
    depends = [measured.fingerprint, mapped.fingerprint]
    files = publishing.publish(
        run, outcome, mapped, ledger, told, format=wanted.format, file=wanted.file, depends=depends
    )
    _finish(run, wanted, ground, counts, files, scored.used)
    return Result(run.path, told, files, next=_next(run.path, ledger, selection))


@dataclass(frozen=True)
class Scored:
    """A pool with its scores, how healthy they are, and what a judge used (None where none was asked)."""

    pool: Pool
    fingerprint: str
    health: list[Health]
    notes: list[str]
    used: dict[str, Any] | None


def _score(run: Run, wanted: PoolAsk, ground: Ground) -> Scored:
    with judging.opened(wanted.judge) as judge:
        if judge and wanted.judge:
            judging.announce(judge, ground.pool, wanted.scores, wanted.judge)
        pool, step = score(run, ground.pool, wanted.scores, ground.fingerprint, wanted.asked, judge)
    counts = judge.counts if judge else {}
    cut = {**cut_shares(step), **{name: told.cut / max(told.asked, 1) for name, told in counts.items()}}
    lengths = length(pool) if pool.scores else ()
    notes = [note for name, told in counts.items() for note in told.notes(name)]
    used = judging.used(judge, wanted.judge) if judge and wanted.judge else None
    return Scored(pool, step.fingerprint, health.table(pool.scores, lengths, cut=cut), notes, used)


def _finish(
    run: Run, wanted: PoolAsk, ground: Ground, counts: dict[str, int], files: list[Path], judge: dict[str, Any] | None
) -> None:
    outputs = [{"file": path.name, "bytes": path.stat().st_size, "sha256": sha256(path)} for path in files]
    run.finish(
        {
            "verb": "select",
            "settings": wanted.typed,
            "seed": wanted.seed,
            "inputs": ground.source.files,
            "outputs": outputs,
            "rows": {"input": ground.source.total, **{status: counts[status] for status in ledgers.STATUSES}},
            "embedder": {"name": ground.embedder.name, "version": ground.embedder.version, "computed": ground.embedded},
            "notes": ground.notes,
            **({"judge": judge} if judge else {}),
        }
    )


def _next(folder: Path, ledger: pa.Table, selection: Selection) -> str:
    dropped = ledger.filter(pa.compute.equal(ledger["stage"], "duplicates"))
    name = dropped["id"][0].as_py() if dropped.num_rows else ledger["id"][0].as_py()
    return f"cuvee why {folder} {name}"
