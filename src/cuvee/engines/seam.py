"""What every engine promises; ``tests/contracts/test_engine_contract.py`` runs over every member of ``ENGINES``."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

Content = TypeVar("Content")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Shard(Generic[Content]):
    """A part of the work. name: what a person calls it. content: what the work gets. seconds: expected, of one core."""

    name: str
    content: Content
    seconds: float


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
