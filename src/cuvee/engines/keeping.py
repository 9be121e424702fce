"""States of shards: kept where they were made, asked and told from here, made again where their process was killed."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future
from contextlib import contextmanager
from typing import Generic, Protocol

from cuvee.engines.failing import TRIES, Attempted, outcome, worn
from cuvee.engines.seam import Content, Held, Result, Shard, State

Parts = list[tuple[int, Shard[Content]]]  # shards and their numbers


class Keeper(Generic[Content, State]):
    """The states of some shards, in the process that keeps them."""

    def __init__(self, make: Callable[[Content], State], parts: Parts[Content]) -> None:
        self._make, self._parts = make, parts
        self._states: dict[int, State] = {}

    def asked(self, question: Callable[[State], Result]) -> dict[int, Attempted[Result]]:
        """Return the answer of every state, by shard; states are made when they are first asked."""
        return {
            number: outcome(self._answer(number, shard, question), None, shard.place) for number, shard in self._parts
        }

    def _answer(
        self, number: int, shard: Shard[Content], question: Callable[[State], Result]
    ) -> Callable[[None], Result]:
        def answer(_: None) -> Result:
            if number not in self._states:
                self._states[number] = self._make(shard.content)
            return question(self._states[number])

        return answer


class Seat(Protocol):
    """A process that keeps states. Its future holds a BrokenExecutor where it was killed; then ``seat`` it again."""

    def seat(self, make: Callable[[Content], State], parts: Parts[Content]) -> None:
        """Begin with a keeper of these shards, in a process that has none."""
        ...

    def ask(self, question: Callable[[State], Result]) -> Future[dict[int, Attempted[Result]]]:
        """Ask the keeper."""
        ...


class Keeping(Generic[Content, State]):
    """One call of ``Engine.state``: the shards in turn to the seats. It is a ``Held``."""

    def __init__(
        self, make: Callable[[Content], State], shards: Sequence[Shard[Content]], seats: Sequence[Seat]
    ) -> None:
        self._make, self._seats = make, seats
        whole = list(enumerate(shards))
        self._parts: list[Parts[Content]] = [whole[at :: len(seats)] for at in range(len(seats))]
        self._told: list[Callable[[State], None]] = []
        self._shards = len(shards)
        for seat, parts in zip(seats, self._parts, strict=True):
            seat.seat(make, parts)

    def ask(self, question: Callable[[State], Result]) -> list[Result]:
        """See ``Held``."""
        asked = [seat.ask(question) for seat in self._seats]
        answers: dict[int, Attempted[Result]] = {}
        for at, future in enumerate(asked):
            answers |= self._answered(at, future, question)
        return [answers[number].value() for number in range(self._shards)]

    def tell(self, news: Callable[[State], None]) -> None:
        """See ``Held``."""
        self.ask(news)
        self._told.append(news)

    def _answered(
        self, at: int, future: Future[dict[int, Attempted[Result]]], question: Callable[[State], Result]
    ) -> dict[int, Attempted[Result]]:
        for _ in range(TRIES):
            try:
                return future.result()
            except BrokenExecutor:
                self._seats[at].seat(self._make, self._parts[at])
                for news in self._told:  # one after the other; whatever kills it comes again as an answer below
                    self._seats[at].ask(news)
                future = self._seats[at].ask(question)
        raise worn(self._parts[at][0][1].place)


class _Here:
    """A seat in this process."""

    def seat(self, make: Callable[[Content], State], parts: Parts[Content]) -> None:
        self._keeper = Keeper(make, parts)

    def ask(self, question: Callable[[State], Result]) -> Future[dict[int, Attempted[Result]]]:
        future: Future[dict[int, Attempted[Result]]] = Future()
        future.set_result(self._keeper.asked(question))  # type: ignore[arg-type]  # a seat keeps one kind of state
        return future


@contextmanager
def held_here(make: Callable[[Content], State], shards: Sequence[Shard[Content]]) -> Iterator[Held[State]]:
    """Keep the states in this process."""
    yield Keeping(make, shards, [_Here()])
