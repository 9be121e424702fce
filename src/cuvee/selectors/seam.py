"""What a selector is."""

from collections.abc import Callable
from dataclasses import dataclass

from cuvee.samples.pool import Selection


@dataclass(frozen=True)
class Selector:
    """A way to choose rows.

    function: ``f(pool, k, *, rng, **settings) -> Selection`` of exactly min(k, free) rows, best first, so that the
    first 100 of 1,000 are the selection of 100. Taken rows count as chosen and are never chosen again. The result
    depends on the rows' content, not on their order.
    gain: what ``Selection.gains`` means here. source: paper, or where the rule is from.
    """

    name: str
    function: Callable[..., Selection]
    summary: str
    gain: str
    source: str
    needs_vectors: bool = False
