"""A trajectory that was recorded, trained on again: the same rows at the same steps, to the same weights."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from cuvee.errors import InputError
from cuvee.runs import output
from cuvee.training.feeds import InOrder

TRAJECTORY = "trajectory.parquet"
_NAME = b"cuvee"


def schema(passes: int, settings: Mapping[str, object]) -> pa.Schema:
    """Return the columns of a trajectory: step (0 = first), row (line of the training set, 0 = first), id, cluster, score.

    passes: what every step was cut into. settings: of the training that was recorded, for a reader. Both are its metadata.
    """
    fields = [("step", pa.int32()), ("row", pa.int32()), ("id", pa.string()), ("cluster", pa.int32())]
    told = orjson.dumps({"passes": passes, "settings": settings})
    return pa.schema([*fields, ("score", pa.float32())], metadata={_NAME: told})


def replay(folder: Path, rows: int) -> InOrder:
    """Return the feed of a run folder's trajectory over its ``rows`` lines.

    Raises InputError where there is none, or where it is not that of these rows.
    """
    path = output(folder, TRAJECTORY)
    if path is None:
        raise InputError(f"{folder} holds no {TRAJECTORY}", "name a run of `cuvee adapt`, or leave out --replay")
    table = pq.read_table(path)
    step, row = table["step"].to_numpy(), table["row"].to_numpy().astype(np.int64)
    if not len(row) or row.max() >= rows:
        raise InputError(f"{path} names rows that are not there", "replay a run folder as `cuvee adapt` left it")
    told = orjson.loads((table.schema.metadata or {}).get(_NAME, b"{}"))
    edges = np.flatnonzero(np.diff(step)) + 1
    return InOrder(np.split(row, edges), passes=int(told.get("passes", 0)))
