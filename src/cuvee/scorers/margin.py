"""Margin: by how much the chosen answer of a preference pair was judged better than the other."""

import numpy as np

from cuvee.arrays import F32
from cuvee.errors import SelectionError
from cuvee.samples.pool import BarePool


def margin(pool: BarePool) -> F32:
    """Return (n,) score of the chosen answer minus that of the rejected one, in the data's own unit; NaN where none is told.

    Raises SelectionError where the pool's table has no such column.
    """
    if "margin" not in pool.table.column_names:
        raise SelectionError("margin reads a column that the pool's table lacks", "keep the margin column")
    values: F32 = pool.table["margin"].to_numpy().astype(np.float32)
    return values
