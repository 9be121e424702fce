"""Local: all cores of this machine, a process for each; little work stays in this process."""

import multiprocessing
import os
import pickle
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Generic

from cuvee.engines.seam import Content, Result, Shard
from cuvee.engines.worker import Worker, attempt, crew
from cuvee.errors import CuveeError

# Workers start side by side. Each imports what reads, 0.6 s of a core (`time python -c "import cuvee.intake.read"`: user and
# sys), and pyarrow imports pandas at the first array where that is installed, 0.3 s more. What saves less is done here.
START = 1.0
TRIES = 3  # a worker may be killed by chance, by whoever needs memory at that moment; a third time it is the shard


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
        workers = min(self.workers or _cores(), len(shards))
        if _saved(workers, shards) >= self.start and _may_leave(work, shards):
            return _Sharing(work, shards, finished).by(workers)
        results = []
        for number, shard in enumerate(shards):
            results.append(attempt(work, shard))
            if finished:
                finished(number, results[-1])
        return results


def _cores() -> int:
    """Return the cores that this process may use, which a container or a batch system may have cut."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _saved(workers: int, shards: Sequence[Shard[Content]]) -> float:
    """Return the seconds that workers save: nothing is faster than the longest shard."""
    if workers < 2:
        return float("-inf")
    seconds = [shard.seconds for shard in shards]
    return sum(seconds) - max(*seconds, sum(seconds) / workers)


def _may_leave(work: Callable[[Content], Result], shards: Sequence[Shard[Content]]) -> bool:
    """Tell whether the work can be done elsewhere: not what the user's own script defines, for no worker runs that."""
    if multiprocessing.current_process().daemon:  # such a process may not start others
        return False
    return b"__main__" not in pickle.dumps((work, shards))


class _Sharing(Generic[Content, Result]):
    """Shards on their way through the workers."""

    def __init__(
        self,
        work: Callable[[Content], Result],
        shards: Sequence[Shard[Content]],
        finished: Callable[[int, Result], None] | None,
    ) -> None:
        self._work, self._shards, self._finished = work, shards, finished
        self._results: dict[int, Result] = {}
        self._failed: dict[int, BaseException] = {}
        self._killed: Counter[int] = Counter()
        self._busy: dict[Future[Result], tuple[int, Worker]] = {}
        # the longest first, so that none is begun when all others are done; they are taken from the end
        self._waiting = sorted(range(len(shards)), key=lambda number: (shards[number].seconds, -number))

    def by(self, workers: int) -> list[Result]:
        """Return all results in order, or raise what one process alone would: the first failure by the shards' order."""
        with crew(workers) as free:
            while self._waiting or self._matters():
                while self._waiting and free:
                    self._hand(self._waiting.pop(), free.pop())
                for future in wait(self._busy, return_when=FIRST_COMPLETED).done:
                    number, worker = self._busy.pop(future)
                    self._take(number, worker, future)
                    free.append(worker)
        if self._failed:
            raise self._failed[min(self._failed)]
        return [self._results[number] for number in range(len(self._shards))]

    def _matters(self) -> bool:
        """Tell whether a shard that is being worked on can still change the outcome."""
        first = min(self._failed, default=len(self._shards))
        return any(number < first for number, _ in self._busy.values())

    def _hand(self, number: int, worker: Worker) -> None:
        self._busy[worker.submit(self._work, self._shards[number])] = number, worker

    def _take(self, number: int, worker: Worker, future: Future[Result]) -> None:
        wrong = future.exception()
        if isinstance(wrong, BrokenProcessPool):
            worker.renew()
            self._again(number)
        elif wrong is not None:
            self._fail(number, wrong)
        else:
            self._results[number] = future.result()
            if self._finished:
                self._finished(number, self._results[number])

    def _again(self, number: int) -> None:
        self._killed[number] += 1
        if self._killed[number] == TRIES:
            what = f"{self._shards[number].name}: the process that worked on it was killed {TRIES} times"
            self._fail(number, CuveeError(what, "most likely memory ran out: use a smaller part, or a larger machine"))
        elif number < min(self._failed, default=len(self._shards)):
            self._waiting.append(number)

    def _fail(self, number: int, wrong: BaseException) -> None:
        self._failed[number] = wrong
        self._waiting = [earlier for earlier in self._waiting if earlier < number]
