"""The ledger: one row per sample that was read, and what became of it. Nothing is lost or invented."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cuvee.arrays import F32, I64
from cuvee.errors import CuveeError, InputError
from cuvee.runs import output

STATUSES = ("kept", "dropped", "quarantined", "merged")

LEDGER = pa.schema(
    [
        ("id", pa.string()),
        ("source", pa.string()),
        ("task", pa.string()),
        ("file", pa.string()),
        ("line", pa.int64()),
        ("fingerprint", pa.string()),  # hex; how a later run with --given finds the row again
        ("status", pa.string()),  # kept, dropped, quarantined or merged
        ("stage", pa.string()),  # the step that decided: read, duplicates, answers, contamination, given, select
        ("reason", pa.string()),
        ("related", pa.string()),  # id of the row it repeats, or text of the evaluation item it contains
        ("rank", pa.int32()),  # 1 = picked first; null where not picked
        ("gain", pa.float32()),  # what the pick added, in the selector's unit
        ("flags", pa.list_(pa.string())),
        (
            "stripped",
            pa.string(),
        ),  # end marks of chat templates that were taken off its answers; null: none, or --keep-special
        ("tokens", pa.int64()),
        ("parents", pa.list_(pa.string())),
    ]
)


def check(ledger: pa.Table, rows_read: int) -> Counter[str]:
    """Return the number of rows per status; raise CuveeError when they do not add up to what was read."""
    counts = Counter({str(v["values"]): int(v["counts"]) for v in ledger["status"].value_counts().to_pylist()})
    if ledger.num_rows != rows_read or sum(counts[status] for status in STATUSES) != rows_read:
        raise CuveeError(f"the ledger holds {dict(counts)} but {rows_read} rows were read", "this is a defect of cuvee")
    return counts


def with_scores(ledger: pa.Table, scores: Mapping[str, F32], rows: I64) -> pa.Table:
    """Return the ledger with one nullable float32 column per score; ``rows``: the ledger row of each scored row."""
    for name, values in scores.items():
        column = np.full(ledger.num_rows, np.nan, dtype=np.float32)
        column[rows] = values
        ledger = ledger.append_column(f"score:{name}", pa.array(column, mask=np.isnan(column)))
    return ledger


def read(run: Path) -> pa.Table:
    """Return the ledger of a run folder. Raises InputError where there is none."""
    path = output(run, "ledger.parquet")
    if path is None:
        raise InputError(f"{run} holds no ledger.parquet", "name the folder that `cuvee select --out` made")
    return pq.read_table(path, memory_map=True)
