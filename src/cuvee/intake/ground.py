"""The ground: a pool that was read, cleaned and embedded, which is what every method starts from."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from cuvee import commands, embedders
from cuvee.arrays import I64
from cuvee.embedders import Embedder
from cuvee.errors import InputError
from cuvee.intake.asked import PoolAsk
from cuvee.intake.before import Before
from cuvee.intake.clean import clean
from cuvee.intake.compare import Fallen, compare
from cuvee.intake.embed import embed
from cuvee.intake.read import Source, read_inputs
from cuvee.runs import Run, digest
from cuvee.samples import ledger as ledgers
from cuvee.samples.pool import Pool
from cuvee.samples.questions import evaluation_items

NOTHING = Before()
CHOSEN_BY = ["id", "source", "task", "messages", "tools", "margin", "fingerprint"]  # what choosing reads of a row


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
        scores = {name: values[stand] for name, values in self.pool.scores.items()}
        pool = Pool(self.pool.table.take(pa.array(stand)), self.pool.vectors[stand], scores, taken[taken >= 0])
        table = _with_verdicts(self.table, self.alive, fallen)
        fingerprint = digest([self.fingerprint, fallen])
        return replace(
            self, table=table, alive=self.alive[stand], pool=pool, tokens=self.tokens[stand], fingerprint=fingerprint
        )


def prepare(run: Run, ask: PoolAsk, before: Before = NOTHING) -> Ground:
    """Read, clean and embed. before: what is checked as soon as it can be. Raises InputError when nothing stands."""
    items = evaluation_items(ask.decontaminate)
    embedder, why = embedders.resolve(ask.embedder)
    source = read_inputs(run, ask.read)
    before.rows(source.table)
    cleaned, table = clean(run, source, ask.rules, items, ask.tokenizer)
    alive = _standing(table)
    if not len(alive):
        again = commands.line("cuvee", "inspect", *ask.read.data)
        raise InputError("no row is left after cleaning", f"`{again}` shows why rows fall")
    tokens: I64 = table["tokens"].to_numpy()[alive]
    before.tokens(tokens)
    rows = source.table.select(CHOSEN_BY).filter(table["stage"].is_null())
    embedded = embed(run, rows["messages"], embedder, cleaned.fingerprint)
    texts = [text for _, text in items]
    compared, fallen = compare(run, embedded, rows, texts, ask.near_vectors)
    pool = Pool(rows, embedded.X)
    ground = Ground(source, table, alive, pool, tokens, embedder, embedded.computed, why, compared.fingerprint)
    ground = ground.without(fallen)
    taken, notes = _taken(ground.pool.table, ask.given)
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
