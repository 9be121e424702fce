"""Arms that are an earlier run: the rows that it kept, the rows that it made, or its mixture."""

from functools import partial
from pathlib import Path
from typing import TypedDict

import numpy as np
import orjson
import pyarrow as pa

from cuvee.arrays import I64
from cuvee.errors import InputError
from cuvee.intake.ground import kept_by, rows_of
from cuvee.intake.hold_out import STAGE as HELD_OUT
from cuvee.intake.readable import as_read, can_teach
from cuvee.models import causal
from cuvee.proof.kinds import ArmAsk, ArmKind, MixtureArm, RowsArm
from cuvee.render import Encoded
from cuvee.runs import output
from cuvee.samples.schema import TURN
from cuvee.training import mixtures
from cuvee.training.mixture import Mixture

LEAKS = (HELD_OUT, "contamination")  # stages of rows that no arm may learn from, nor from what was made of them


class MadeRow(TypedDict):
    """A row that a distillation wrote. parents: ids of the rows it was made from."""

    question: str
    answer: str
    parents: list[str]
    kept: bool


def is_run(folder: Path) -> bool:
    """Return whether this is the folder of a run that says what it kept."""
    return output(folder, "ledger.parquet") is not None


def kind_of(run: Path) -> ArmKind:
    """Return the arm that trains on what an earlier run kept."""
    if mixtures.run_of([str(run)]):
        return MixtureArm(summary=f"rows and blends that {run} kept", mix=partial(_mixture, run))
    return RowsArm(summary=f"rows that {run} kept", choose=partial(_kept, run), own=partial(_made_rows, run))


def files_of(run: Path) -> list[Path]:
    """Return the files of an earlier run that say what it kept."""
    return [path for name in ("ledger.parquet", "blends.parquet") if (path := output(run, name))]


def _kept(run: Path, ask: ArmAsk) -> I64:
    """Return the rows of this pool that an earlier run kept, best first, as many as the budget has."""
    ranks = kept_by(run)
    rows = rows_of(ask.ground.pool.table, sorted(ranks, key=lambda name: ranks[name]))
    if not len(rows) and not _made(run):
        raise _none_stand(run)
    return rows[: max(ask.k - len(_made_rows(run, ask)), 0)]


def _made_rows(run: Path, ask: ArmAsk) -> list[Encoded]:
    """Return the rows that an earlier run made itself and kept, best first, as the model reads them.

    A row that was made from a held-out row, or from one that lies near to one, would give the answer away: it is left out.
    """
    made = _made(run)
    if not made:
        return []
    ids, verdicts = ask.ground.source.table["id"].to_pylist(), ask.ground.table["stage"].to_pylist()
    stages = dict(zip(ids, verdicts, strict=True))
    clean = [row for row in made if all(stages.get(name) not in LEAKS for name in row["parents"])]
    rows = as_read(_table(clean), causal.tokenizer_of(ask.base), ask.training.max_length)
    return [row for row in rows if can_teach(row)][: ask.k]


def _made(run: Path) -> list[MadeRow]:
    """Return the new rows that a distillation kept; none of any other run."""
    path = output(run, "distilled.jsonl")
    rows: list[MadeRow] = [orjson.loads(line) for line in path.read_bytes().splitlines()] if path else []
    return [row for row in rows if row["kept"]]


def _table(rows: list[MadeRow]) -> pa.Table:
    talks = [
        [{"role": "user", "content": row["question"]}, {"role": "assistant", "content": row["answer"]}] for row in rows
    ]
    return pa.table({"messages": pa.array(talks, pa.list_(TURN)), "tools": pa.nulls(len(rows), pa.string())})


def _mixture(run: Path, ask: ArmAsk) -> Mixture:
    """Return the rows and blends that an earlier run kept and whose rows all stand in this pool, as many as the budget has.

    Raises InputError where there are none.
    """
    source = mixtures.read(run)
    entries = mixtures.mixture(run, source)
    place = {value: row for row, value in enumerate(ask.ground.pool.table["fingerprint"].to_pylist())}
    at = np.array([place.get(value, -1) for value in source.table["fingerprint"].to_pylist()], dtype=np.int64)
    moved = Mixture(at[entries.left], at[entries.right], entries.weight)
    stand = moved[np.flatnonzero((moved.left >= 0) & (moved.right >= 0))]
    if not len(stand):
        raise _none_stand(run)
    return stand[: ask.k]


def _none_stand(run: Path) -> InputError:
    return InputError(f"no row that {run} kept stands in this pool", "prove it on the pool it was made from")
