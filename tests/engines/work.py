"""Work for engines under test: importable by name, as work must be that another process does."""

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

import xxhash

from cuvee.engines import Local, Shard, held_here
from cuvee.engines.seam import Content, Held, Result, State
from cuvee.errors import InputError, MissingExtraError


def kill_this_worker() -> None:
    """End this process as a lack of memory ends it; the process of the tests itself stays."""
    if multiprocessing.parent_process() is not None or _is_of_ray():
        os.kill(os.getpid(), 9)


def _is_of_ray() -> bool:
    ray = sys.modules.get("ray")
    return ray is not None and ray.is_initialized() and ray.get_runtime_context().worker.mode == ray.WORKER_MODE


def process(number: int) -> int:
    """Return which process did it."""
    return os.getpid()


def first_last(number: int) -> str:
    """Return a result that belongs to the number; the first numbers take longest."""
    time.sleep(0.2 if number < 2 else 0.0)
    return f"result {number}"


class OddError(Exception):
    """Cannot be made again from its args."""

    def __init__(self, what: str, more: str) -> None:
        super().__init__(f"{what} and {more}")


def fails(number: int) -> int:
    """Fail on every number but 1, each in its own way; 2 does so last."""
    if number == 2:
        time.sleep(0.3)
        raise InputError("two is no good", "try three")
    if number == 3:
        raise ZeroDivisionError("three")
    if number == 4:
        raise OddError("four", "more")
    if number == 5:
        raise MissingExtraError("torch", "train", "five")
    return number


def killed(given: tuple[Path, int]) -> str:
    """Count the tries in a file; a worker that does this is killed the first so many times."""
    counter, times = given
    with counter.open("a") as file:
        file.write("x")
    if len(counter.read_text()) <= times:
        kill_this_worker()
    return counter.name


def stays(marker: Path) -> None:
    """Say which process this is, and stay there."""
    marker.with_suffix(".new").write_text(str(os.getpid()))
    marker.with_suffix(".new").rename(marker)
    time.sleep(60)


@dataclass(frozen=True)
class KilledOnce(Generic[Content, Result]):
    """Work whose every shard is killed once, when it was all but done."""

    work: Callable[[Content], Result]
    marks: Path

    def __call__(self, content: Content) -> Result:
        done = self.work(content)
        mark = self.marks / f"{xxhash.xxh3_64_hexdigest(str(content).encode())}"
        if not mark.exists():
            mark.touch()
            kill_this_worker()
        return done


@dataclass(frozen=True, kw_only=True)
class Killing(Local):
    """Two workers; whatever they do, they are killed once when it was all but done."""

    marks: Path

    def each(
        self,
        work: Callable[[Content], Result],
        shards: Sequence[Shard[Content]],
        *,
        finished: Callable[[int, Result], None] | None = None,
    ) -> list[Result]:
        return super().each(KilledOnce(work, self.marks), shards, finished=finished)


class Backwards:
    """An engine of a guest: the last shard is done first."""

    def each(
        self,
        work: Callable[[Content], Result],
        shards: Sequence[Shard[Content]],
        *,
        finished: Callable[[int, Result], None] | None = None,
    ) -> list[Result]:
        results = {}
        for number in reversed(range(len(shards))):
            results[number] = work(shards[number].content)
            if finished:
                finished(number, results[number])
        return [results[number] for number in range(len(shards))]

    state = staticmethod(held_here)


backwards = Backwards()


@dataclass
class Counter:
    """A state: a sum that is told; where ``marks`` is given, its process is killed once by every question and news."""

    start: int
    marks: Path | None = None

    def add(self, more: int) -> None:
        self._die(f"told-{more}")
        self.start += more

    def value(self) -> int:
        self._die("asked")
        return self.start

    def times(self, factor: int) -> int:
        if self.start == 2:
            time.sleep(0.1)
        return self.start * factor

    def fail(self) -> int:
        return fails(self.start)

    def die(self) -> int:
        kill_this_worker()
        return 0

    def _die(self, name: str) -> None:
        if self.marks is not None and not (mark := self.marks / f"{name}-{self.start}").exists():
            mark.touch()
            kill_this_worker()


def counter(number: int) -> Counter:
    """Make a state."""
    return Counter(number)


def mortal(given: tuple[int, Path]) -> Counter:
    """Make a state whose process is killed again and again."""
    return Counter(*given)


@dataclass(frozen=True)
class Mortal(Generic[Content, Result]):
    """A way to make a state, or a question to it, at which its process is killed once."""

    work: Callable[[Content], Result]
    mark: Path

    def __call__(self, content: Content) -> Result:
        done = self.work(content)
        if not self.mark.exists():
            self.mark.touch()
            kill_this_worker()
        return done


@dataclass(frozen=True, kw_only=True)
class KillingStates(Local):
    """Processes that keep states, and are killed at every third question, once it is answered."""

    marks: Path

    @contextmanager
    def state(self, make: Callable[[Content], State], shards: Sequence[Shard[Content]]) -> Iterator[Held[State]]:
        with super().state(make, shards) as held:
            yield Interrupted(held, self.marks)


class Interrupted(Generic[State]):
    """States whose processes are killed now and then."""

    def __init__(self, held: Held[State], marks: Path) -> None:
        self.held, self.marks, self.count = held, marks, 0

    def ask(self, question: Callable[[State], Result]) -> list[Result]:
        self.count += 1
        return self.held.ask(Mortal(question, self.marks / str(self.count)) if self.count % 3 == 0 else question)

    def tell(self, news: Callable[[State], None]) -> None:
        self.count += 1
        self.held.tell(Mortal(news, self.marks / str(self.count)) if self.count % 3 == 0 else news)
