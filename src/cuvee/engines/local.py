"""Local: all cores of this machine, a process for each; little work stays in this process."""

import multiprocessing
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from cuvee.engines.failing import attempt
from cuvee.engines.keeping import Keeping, held_here
from cuvee.engines.seam import Content, Held, Result, Shard, State
from cuvee.engines.sharing import Sharing
from cuvee.engines.worker import crew

# Workers start side by side. Each imports what reads, 0.6 s of a core (`time python -c "import cuvee.intake.read"`: user and
# sys), and pyarrow imports pandas at the first array where that is installed, 0.3 s more. What saves less is done here.
START = 1.0


@dataclass(frozen=True, kw_only=True)
class Local:
    """workers: processes, None for a core each. start: seconds until they are ready; work that saves less stays here."""

    workers: int | None = None
    start: float = START

    def each(
        self,
        work: Callable[[Content], Result],
        shards: Sequence[Shard[Content]],
        *,
        finished: Callable[[int, Result], None] | None = None,
    ) -> list[Result]:
        """See ``Engine``."""
        if self._leaves(work, shards):
            with crew(self._size(shards)) as workers:
                return Sharing(work, shards, finished).by(workers)
        results = []
        for number, shard in enumerate(shards):
            results.append(attempt(work, shard))
            if finished:
                finished(number, results[-1])
        return results

    @contextmanager
    def state(self, make: Callable[[Content], State], shards: Sequence[Shard[Content]]) -> Iterator[Held[State]]:
        """See ``Engine``."""
        if self._leaves(make, shards):
            with crew(self._size(shards)) as workers:
                yield Keeping(make, shards, workers)
        else:
            with held_here(make, shards) as held:
                yield held

    def _size(self, shards: Sequence[Shard[Content]]) -> int:
        return min(self.workers or cores(), len(shards))

    def _leaves(self, work: Callable[[Content], object], shards: Sequence[Shard[Content]]) -> bool:
        return _saved(self._size(shards), shards) >= self.start and _may_leave(work, shards)


def cores() -> int:
    """Return the cores that this process may use, which a container or a batch system may have cut."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _saved(workers: int, shards: Sequence[Shard[Content]]) -> float:
    """Return the seconds that workers save: nothing is faster than the longest shard."""
    if workers < 2:
        return float("-inf")
    seconds = [shard.seconds for shard in shards]
    return sum(seconds) - max(*seconds, sum(seconds) / workers)


def _may_leave(work: Callable[[Content], object], shards: Sequence[Shard[Content]]) -> bool:
    """Tell whether the work can be done elsewhere: not what the user's own script defines, for no worker runs that."""
    if multiprocessing.current_process().daemon:  # such a process may not start others
        return False
    return b"__main__" not in pickle.dumps((work, shards))
