"""Shards on their way through workers, wherever these are."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from typing import Generic, Protocol

from cuvee.engines.failing import TRIES, worn
from cuvee.engines.seam import Content, Result, Shard


class Lane(Protocol):
    """Somewhere that does one thing at a time. Its future holds a BrokenExecutor where it was killed; then ``renew``."""

    def submit(self, work: Callable[[Content], Result], shard: Shard[Content]) -> Future[Result]:
        """Start the work on a shard."""
        ...

    def renew(self) -> None:
        """Make it fit for work again."""
        ...


class Sharing(Generic[Content, Result]):
    """One call of ``Engine.each``."""

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
        self._busy: dict[Future[Result], tuple[int, Lane]] = {}
        # the longest first, so that none is begun when all others are done; they are taken from the end
        self._waiting = sorted(range(len(shards)), key=lambda number: (shards[number].seconds, -number))

    def by(self, lanes: Sequence[Lane]) -> list[Result]:
        """Return all results in order, or raise what one process alone would: the first failure by the shards' order."""
        free = list(lanes)
        while self._waiting or self._matters():
            while self._waiting and free:
                self._hand(self._waiting.pop(), free.pop())
            for future in wait(self._busy, return_when=FIRST_COMPLETED).done:
                number, lane = self._busy.pop(future)
                self._take(number, lane, future)
                free.append(lane)
        if self._failed:
            raise self._failed[min(self._failed)]
        return [self._results[number] for number in range(len(self._shards))]

    def _matters(self) -> bool:
        """Tell whether a shard that is being worked on can still change the outcome."""
        first = min(self._failed, default=len(self._shards))
        return any(number < first for number, _ in self._busy.values())

    def _hand(self, number: int, lane: Lane) -> None:
        self._busy[lane.submit(self._work, self._shards[number])] = number, lane

    def _take(self, number: int, lane: Lane, future: Future[Result]) -> None:
        wrong = future.exception()
        if isinstance(wrong, BrokenExecutor):
            lane.renew()
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
            self._fail(number, worn(self._shards[number].place))
        elif number < min(self._failed, default=len(self._shards)):
            self._waiting.append(number)

    def _fail(self, number: int, wrong: BaseException) -> None:
        self._failed[number] = wrong
        self._waiting = [earlier for earlier in self._waiting if earlier < number]
