"""The main job: read, clean, embed, choose, measure, publish, in that order, each step made only where it is missing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from cuvee import commands, embedders
from cuvee.arrays import I64
from cuvee.embedders import Embedder
from cuvee.errors import InputError
from cuvee.result import Result
from cuvee.runs import Run, digest, open_run, sha256
from cuvee.samples import ledger as ledgers
from cuvee.samples.pool import Pool, Selection
from cuvee.samples.questions import evaluation_items
from cuvee.scorers import health
from cuvee.scorers.health import Health
from cuvee.scorers.length import length
from cuvee.steps import judging, plan, publishing, summary
from cuvee.steps.choosing import choose, cut_shares, score
from cuvee.steps.cleaning import clean
from cuvee.steps.comparing import Fallen, compare
from cuvee.steps.embedding import embed
from cuvee.steps.measuring import measure
from cuvee.steps.reading import Source, read_inputs
from cuvee.steps.settings import Settings, bind

CHOSEN_BY = ["id", "source", "task", "messages", "tools", "fingerprint"]  # what choosing reads of a row
Found = Callable[[pa.Table], list[dict[str, Any]]]


def run_select(*, out: Path, dry_run: bool, found: Found | None = None, **typed: Any) -> Result:
    """Do what ``cuvee.verbs.select`` says.

    found: ledger -> what was found of what was planted, for a pool whose faults are known.
    """
    wanted = bind(typed)
    if dry_run:
        return plan.plan(wanted, Path(out))
    with open_run(Path(out)) as run:
        return _select(run, wanted, found)


def _select(run: Run, wanted: Settings, found: Found | None) -> Result:
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
    outcome = publishing.Outcome(ground.source, ground.table, ground.alive, pool, selection)
    mapped = publishing.make_map(run, outcome, wanted.seed, depends=[ground.fingerprint, chosen.fingerprint])
    ledger = publishing.make_ledger(outcome, ", ".join(map(str, wanted.given)))
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
class Ground:
    """A clean, embedded pool.

    table: verdicts, one row per sample. alive: (m,) rows that stand; pool and tokens count in these.
    """

    source: Source
    table: pa.Table
    alive: I64
    pool: Pool
    tokens: I64
    embedder: Embedder
    embedded: int
    notes: list[str]
    fingerprint: str

    def without(self, fallen: Fallen) -> "Ground":
        """Return the ground after these rows of the pool fell: row, stage, reason, related."""
        if not fallen:
            return self
        stand = np.setdiff1d(np.arange(len(self.alive)), [row for row, *_ in fallen]).astype(np.int64)
        place = np.full(len(self.alive), -1, dtype=np.int64)
        place[stand] = np.arange(len(stand))
        taken = place[self.pool.taken]
        assert self.pool.vectors is not None
        pool = Pool(self.pool.table.take(pa.array(stand)), self.pool.vectors[stand], taken=taken[taken >= 0])
        table = _with_verdicts(self.table, self.alive, fallen)
        fingerprint = digest([self.fingerprint, fallen])
        return replace(
            self, table=table, alive=self.alive[stand], pool=pool, tokens=self.tokens[stand], fingerprint=fingerprint
        )


@dataclass(frozen=True)
class Scored:
    """A pool with its scores, how healthy they are, and what a judge used (None where none was asked)."""

    pool: Pool
    fingerprint: str
    health: list[Health]
    notes: list[str]
    used: dict[str, Any] | None


def _score(run: Run, wanted: Settings, ground: Ground) -> Scored:
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


def prepare(run: Run, wanted: Settings) -> Ground:
    """Read, clean and embed. Raises InputError when nothing stands."""
    source = read_inputs(run, wanted.data, columns=wanted.columns, dialect=wanted.dialect, strict=wanted.strict)
    items = evaluation_items(wanted.decontaminate)
    embedder, why = embedders.resolve(wanted.embedder)
    cleaned, table = clean(run, source, wanted.rules, items, wanted.tokenizer)
    alive = _standing(table)
    if not len(alive):
        raise InputError(
            "no row is left after cleaning", f"`cuvee inspect {' '.join(wanted.data)}` shows why rows fall"
        )
    rows = source.table.select(CHOSEN_BY).filter(table["stage"].is_null())
    embedded = embed(run, rows["messages"], embedder, cleaned.fingerprint)
    texts = [text for _, text in items]
    compared, fallen = compare(run, embedded, rows, embedder, texts, wanted.near_vectors)
    tokens: I64 = table["tokens"].to_numpy()[alive]
    pool = Pool(rows, embedded.X)
    ground = Ground(source, table, alive, pool, tokens, embedder, embedded.computed, why, compared.fingerprint)
    ground = ground.without(fallen)
    taken, notes = _taken(ground.pool.table, wanted.given)
    return replace(
        ground,
        pool=replace(ground.pool, taken=taken),
        notes=[*why, *notes],
        fingerprint=digest([ground.fingerprint, taken]),
    )


def _standing(table: pa.Table) -> I64:
    rows: I64 = np.flatnonzero(table["stage"].is_null().to_numpy()).astype(np.int64)
    return rows


def _with_verdicts(table: pa.Table, alive: I64, fallen: Fallen) -> pa.Table:
    for at, name in enumerate(("stage", "reason", "related"), start=1):
        column = table[name].to_pylist()
        for verdict in fallen:
            column[int(alive[verdict[0]])] = verdict[at]
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(column, pa.string()))
    return table


def _taken(rows: pa.Table, given: list[Path]) -> tuple[I64, list[str]]:
    """Return the rows that earlier runs kept, and a note on how many of them were found."""
    if not given:
        return np.empty(0, dtype=np.int64), []
    earlier = set().union(*(kept_by(run) for run in given))
    taken = np.sort(rows_of(rows, earlier))
    return taken, [
        f"{len(taken):,} of {len(earlier):,} rows that earlier runs kept stand in this pool and count as taken"
    ]


def kept_by(run: Path) -> dict[str, int]:
    """Return fingerprint -> rank of the rows that an earlier run kept. Raises InputError where there is no ledger."""
    ledger = ledgers.read(run)
    kept = ledger.filter(pa.compute.equal(ledger["status"], "kept"))
    return dict(zip(kept["fingerprint"].to_pylist(), kept["rank"].to_pylist(), strict=True))


def rows_of(table: pa.Table, fingerprints: Iterable[str]) -> I64:
    """Return the rows of a table that have these fingerprints (hex), found by content, in the order given."""
    place = {value.hex(): row for row, value in enumerate(table["fingerprint"].to_pylist())}
    return np.array([place[name] for name in fingerprints if name in place], dtype=np.int64)


def _finish(
    run: Run, wanted: Settings, ground: Ground, counts: dict[str, int], files: list[Path], judge: dict[str, Any] | None
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
