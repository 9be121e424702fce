"""What every engine promises; ``tests/contracts/test_engine_contract.py`` runs over every member of ``ENGINES``."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

Content = TypeVar("Content")
Result = TypeVar("Result")
State = TypeVar("State")
Asked = TypeVar("Asked", covariant=True)


@dataclass(frozen=True)
class Shard(Generic[Content]):
    """A part of the work.

    name: what a person calls it, such as its file. content: what the work gets. seconds: expected, of one core.
    row: where it begins in what ``name`` names, from 0; None where it is the whole.
    """

    name: str
    content: Content
    seconds: float
    row: int | None = None

    @property
    def place(self) -> str:
        """Where the shard is, for a person."""
        return self.name if self.row is None else f"{self.name}, from row {self.row:,} on"


class Held(Protocol[Asked]):
    """States of shards, each kept where it was made.

    What a state answers may depend on its content and on what it was told, in that order, and on nothing else: after its
    process was killed it is made again, and told again.
    """

    def ask(self, question: Callable[[Asked], Result]) -> list[Result]:
        """Return every state's answer, in the order of the shards. Raises what ``Engine.each`` would."""
        ...

    def tell(self, news: Callable[[Asked], None]) -> None:
        """Change every state. Raises what ``Engine.each`` would."""
        ...


class Engine(Protocol):
    """Somewhere to run work."""

    def each(
        self,
        work: Callable[[Content], Result],
        shards: Sequence[Shard[Content]],
        *,
        finished: Callable[[int, Result], None] | None = None,
    ) -> list[Result]:
        """Return the result of the work on every shard, in the order of the shards, whichever ends first.

        work: pure and picklable; it may be killed at any point and is then done again, so what it writes, it writes afresh.
        finished: called here with a shard's number and result as soon as it is there, in any order.
        Raises what the first failing shard raised, in the order of the shards: a CuveeError as it is, any other exception
        with its traceback and a note that names the shard; CuveeError for a shard whose workers were killed again and again.
        """
        ...

    def state(
        self, make: Callable[[Content], State], shards: Sequence[Shard[Content]]
    ) -> AbstractContextManager[Held[State]]:
        """Make a state of every shard, to be asked and told until the block ends. make: pure and picklable."""
        ...
