"""What the page's table of rows needs beside the map: why each row fell or was chosen, its scores, its question and answer."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cuvee import render
from cuvee.arrays import I64
from cuvee.reports.excerpts import Exchange, Read
from cuvee.reports.points import SCORE

CHOSEN = "chosen"  # kind of the reasons for which rows were taken: each selector has its own words


def with_ledger(points: pa.Table, ledger: pa.Table) -> pa.Table:
    """Return the map's table with every row's reason and scores as the ledger has them; rows are found by id."""
    at = pc.index_in(points["id"], ledger["id"].combine_chunks())
    lines = ledger.take(at)
    chosen = pc.equal(points["status"], "kept")
    kind = pc.if_else(chosen, CHOSEN, lines["reason"])
    found = points.set_column(points.schema.get_field_index("reason"), "reason", lines["reason"])
    found = found.append_column("kind", kind)
    for name in lines.column_names:
        if name.startswith(SCORE):
            found = found.append_column(name, lines[name])
    return found


def with_texts(points: pa.Table, samples: pa.Table) -> pa.Table:
    """Return the map's table with question and answer of the chosen rows, whole; null for all others, and for blends."""
    chosen = np.flatnonzero(pc.equal(points["status"], "kept").to_numpy())
    made = pc.is_null(pc.index_in(points["id"], samples["id"].combine_chunks())).to_numpy()
    texts = dict(zip(chosen.tolist(), reader(points, samples)(chosen), strict=True))
    for part, name in enumerate(("question", "answer")):
        values = [None if made[row] or row not in texts else texts[row][part] for row in range(points.num_rows)]
        points = points.append_column(name, pa.array(values, pa.string()))
    return points


def reader(points: pa.Table, samples: pa.Table) -> Read:
    """Return what tells question and answer of rows of the map; of those that were made, such as blends, the excerpt."""
    at = pc.index_in(points["id"], samples["id"].combine_chunks())

    def read(rows: I64) -> list[Exchange]:
        given = pa.array(rows, pa.int64())
        messages = samples["messages"].take(at.take(given)).to_pylist()
        excerpts = points["text"].take(given).to_pylist()
        return [
            (text or "", "") if turns is None else (render.prompt(turns), render.response(turns) or "")
            for turns, text in zip(messages, excerpts, strict=True)
        ]

    return read
