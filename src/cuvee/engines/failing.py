"""What work raised, on its way from process to process."""

import traceback
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Generic

from cuvee.engines.seam import Content, Result, Shard
from cuvee.errors import CuveeError
from cuvee.progress import quiet

TRIES = 3  # a worker may be killed by chance, by whoever needs memory at that moment; a third time it is the shard


class ElsewhereError(Exception):
    """Carries the traceback of another process, as text."""

    def __str__(self) -> str:
        """Return the traceback as it was printed there."""
        return f"\n{self.args[0]}"


@dataclass(frozen=True)
class Attempted(Generic[Result]):
    """What came of a shard: a result, or what was raised and where."""

    result: Result | None = None
    wrong: Exception | None = None
    trace: str = ""

    def value(self) -> Result:
        """Return the result, or raise what was raised."""
        if self.wrong is not None:
            self.wrong.__cause__ = ElsewhereError(self.trace) if self.trace else None
            raise self.wrong
        return self.result  # type: ignore[return-value]  # None is a result where the work returns None


def attempt(work: Callable[[Content], Result], shard: Shard[Content]) -> Result:
    """Return the work's result on a shard. What it raises is as ``Engine`` says, and can cross from process to process."""
    return done(work, shard.content, shard.place)


def done(work: Callable[[Content], Result], given: Content, place: str) -> Result:
    """Do work that belongs to a shard, which is at ``place``, as ``attempt`` does."""
    try:
        with quiet():  # the one who asked shows the bar
            return work(given)
    except CuveeError:
        raise
    except Exception as wrong:
        wrong.add_note(f"this happened in {place}")
        try:
            copy(wrong)
        except TypeError:  # its class wants more than its args say: it could not be made again on the other side
            raise RuntimeError("".join(traceback.format_exception(wrong))) from None
        raise


def outcome(work: Callable[[Content], Result], given: Content, place: str) -> Attempted[Result]:
    """Return what comes of the work, whatever that is."""
    try:
        return Attempted(done(work, given, place))
    except Exception as wrong:  # noqa: BLE001 (it is raised again where it was asked for)
        trace = "" if isinstance(wrong, CuveeError) else "".join(traceback.format_exception(wrong))
        return Attempted(wrong=wrong.with_traceback(None), trace=trace)


def worn(place: str) -> CuveeError:
    """Return what is raised for a shard that takes its worker with it, again and again."""
    what = f"{place}: the process that worked on it was killed {TRIES} times"
    return CuveeError(what, "most likely memory ran out: use a smaller part, or a larger machine")
