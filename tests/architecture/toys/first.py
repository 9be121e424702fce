"""The rows that were read first: an arm."""

from cuvee.arrays import I64
from cuvee.proof.kinds import ArmAsk, RowsArm


def first(ask: ArmAsk) -> I64:
    """Return the first k free rows of the pool."""
    return ask.ground.pool.free[: ask.k]


MEMBER = RowsArm(summary="the rows that were read first", choose=first)
