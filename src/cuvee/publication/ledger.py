"""The ledger: what became of every row that was read."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from cuvee.arrays import I64
from cuvee.intake.read import QuarantinedLines, Source
from cuvee.samples import ledger as ledgers
from cuvee.samples.pool import Pool, Selection


@dataclass(frozen=True)
class Outcome:
    """Everything that is known about a run once the rows are chosen.

    alive: (m,) int64 rows of ``source.table`` that were there to choose from; ``pool`` and ``selection`` count in these.
    cleaned: the table of ``intake.clean``, updated by what fell later.
    """

    source: Source
    cleaned: pa.Table
    alive: I64
    pool: Pool
    selection: Selection

    @property
    def chosen(self) -> I64:
        """(k,) rows of ``source.table``, best first."""
        return self.alive[self.selection.rows]

    @property
    def tokens(self) -> I64:
        """(m,) tokens of the rows that were there to choose from."""
        tokens: I64 = self.cleaned["tokens"].to_numpy()[self.alive]
        return tokens


def make_ledger(outcome: Outcome, given: str) -> pa.Table:
    """Return the ledger: one row per sample that was read, then one per quarantined row."""
    table, n = outcome.source.table, outcome.source.table.num_rows
    rank = np.zeros(n, dtype=np.int32)
    rank[outcome.chosen] = np.arange(1, len(outcome.chosen) + 1)
    gain = np.full(n, np.nan, dtype=np.float32)
    gain[outcome.chosen] = outcome.selection.gains
    stage, reason = outcome.cleaned["stage"].to_pylist(), outcome.cleaned["reason"].to_pylist()
    for row in outcome.alive:
        stage[row], reason[row] = "select", "beyond the budget"
    for row in outcome.alive[outcome.pool.taken]:
        stage[row], reason[row] = "given", f"already taken by {given}"
    for pick, row in enumerate(outcome.chosen):
        reason[row] = outcome.selection.reason(pick)
    columns = {
        **{name: table[name] for name in ("id", "source", "task", "file", "line")},
        "fingerprint": [value.hex() for value in table["fingerprint"].to_pylist()],
        "status": np.where(rank > 0, "kept", "dropped").tolist(),
        "stage": stage,
        "reason": reason,
        "related": outcome.cleaned["related"],
        "rank": pa.array(rank, mask=rank == 0),
        "gain": pa.array(gain, mask=~np.isfinite(gain)),
        "flags": outcome.cleaned["flags"],
        "stripped": table["stripped"],
        "tokens": outcome.cleaned["tokens"],
        "parents": table["parents"],
    }
    ledger = pa.table(columns).cast(ledgers.LEDGER)
    ledger = ledgers.with_scores(ledger, outcome.pool.scores, outcome.alive)
    return pa.concat_tables([ledger, _quarantined(outcome.source.quarantined)], promote_options="default")


def _quarantined(lines: QuarantinedLines) -> pa.Table:
    files, numbers, reasons = [], [], []
    for line in lines:  # without the rows themselves, which may be long
        files.append(line["file"])
        numbers.append(line["line"])
        reasons.append(line["reason"])
    stem = [Path(file).name.split(".")[0] for file in files]
    return pa.table(
        {
            "id": [f"{name}:{number}" for name, number in zip(stem, numbers, strict=True)],
            "source": stem,
            "file": files,
            "line": pa.array(numbers, pa.int64()),
            "status": ["quarantined"] * len(files),
            "stage": ["read"] * len(files),
            "reason": reasons,
        },
        schema=pa.schema(
            [ledgers.LEDGER.field(name) for name in ("id", "source", "file", "line", "status", "stage", "reason")]
        ),
    )
