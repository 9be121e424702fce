"""Margin: by how much the chosen answer of a preference pair was judged better than the other."""

import numpy as np

from cuvee.arrays import F32
from cuvee.errors import SelectionError
from cuvee.samples.pool import BarePool


def margin(pool: BarePool) -> F32:
    """Return (n,) score of the chosen answer minus that of the rejected one, in the data's own unit; NaN where none is told.

    Raises SelectionError where no row of the pool tells one.
    """
    known = "margin" in pool.table.column_names
    values: F32 = (
        pool.table["margin"].to_numpy().astype(np.float32) if known else np.full(len(pool), np.nan, dtype=np.float32)
    )
    if len(values) and bool(np.isnan(values).all()):
        raise SelectionError(
            "no row tells how much better its chosen answer is",
            "columns such as score_chosen and score_rejected say it",
        )
    return values
