"""One shard after the other, in this process: an engine."""

from collections.abc import Callable, Sequence

from cuvee.engines import held_here
from cuvee.engines.failing import attempt
from cuvee.engines.seam import Content, Result, Shard


class Serial:
    """Nothing to start, nothing to wait for."""

    def each(
        self,
        work: Callable[[Content], Result],
        shards: Sequence[Shard[Content]],
        *,
        finished: Callable[[int, Result], None] | None = None,
    ) -> list[Result]:
        """See ``Engine``."""
        results: list[Result] = []
        for number, shard in enumerate(shards):
            results.append(attempt(work, shard))
            if finished:
                finished(number, results[-1])
        return results

    state = staticmethod(held_here)


MEMBER = Serial()
