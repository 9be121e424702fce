"""A fault at the n-th operation on the disk, for every n and every verb: it fails or dies, and called again goes on.

One run that goes well shows all operations, and what was on the disk before each. From there every fault is tried: the disk is
full, breaks, takes half of a write; the process is killed; the power goes, and of what was not synced the bytes are lost, or
the names. Then the same command is called again, and must end with the same bytes. A fault that must be lived through (not a
crash) is tried from the last step that was whole before it, as the steps before are the same in any case.
"""

import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.torture import faults, scenarios
from tests.torture.faults import Cache, Fails
from tests.torture.world import World, command, forget, outcome

VOLATILE = ("training.json", "checksums.txt")  # say how long a training took
WAYS = ("full", "broken", "short", "killed", "torn", "bytes lost", "names lost")


@dataclass
class Tried:
    """What was tried of a verb. wrong: what was not as it should be, at most a line each."""

    verb: str
    operations: int
    done: int = 0
    wrong: list[str] = field(default_factory=list)


def steady(found: dict[str, str]) -> dict[str, str]:
    """Return an outcome without what says how long it took."""
    return {name: value for name, value in found.items() if not name.endswith(VOLATILE)}


class Trials:
    """The faults of one verb."""

    def __init__(self, verb: str, world: World, place: Path) -> None:
        self.verb, self.world = verb, world
        world.clear()
        forget()
        self.cache = Cache(world, place)
        ended = command(world, self.arguments(), self.cache)
        assert ended.code == 0, f"{verb} does not go well: {ended.said}"
        self.expected = steady(outcome(world))
        self.tried = Tried(verb, len(self.cache.operations))

    def arguments(self) -> list[str]:
        return scenarios.SCENARIOS[self.verb](self.world)

    def all(self) -> Iterator[tuple[int, str]]:
        """Yield every operation and way to fail there, but those that come to the same."""
        for at, operation in enumerate(self.cache.operations, 1):
            for way in WAYS:
                if way in ("short", "torn") and (operation.kind not in faults.WRITES or operation.size < 2):
                    continue
                yield at, way

    def try_(self, at: int, way: str) -> None:
        """Let the run fail at its at-th operation, call it again, and compare."""
        operation = self.cache.operations[at - 1]
        where = f"{self.verb}, {way} at operation {at} ({operation.kind} {self.world_path(operation.path)})"
        try:
            if way in ("full", "broken", "short"):
                self._lived_through(at, way)
            else:
                self._died(at, way)
            forget()
            again = command(self.world, self.arguments())
            assert again.code == 0, f"called again it ends with {again.code}: {again.said}"
            found = steady(outcome(self.world))
            assert found == self.expected, f"other bytes: {sorted(set(found.items()) ^ set(self.expected.items()))[:2]}"
        except AssertionError as wrong:
            self.tried.wrong.append(f"{where}: {wrong}")
        self.tried.done += 1

    def world_path(self, path: Path) -> str:
        return str(path).removeprefix(f"{self.world.root}/")

    def _died(self, at: int, way: str) -> None:
        if way == "torn":
            if at == len(self.cache.operations):
                return self.world.clear()
            self.world.restore(self.cache.crashes[at].kept)
            return faults.torn(self.cache, at, self.world.root)
        self.world.restore(self.cache.crashes[at - 1].kept)
        faults.LOSSES[way](self.cache.crashes[at - 1], self.world.root)

    def _lived_through(self, at: int, way: str) -> None:
        base = self._base(at)
        self.world.restore(self.cache.crashes[base].kept)
        fails = Fails(at - base, way)
        ended = command(self.world, self.arguments(), fails)
        assert fails.hit is not None, "the operation was not reached"
        assert ended.code in (0, 1), f"it ends with {ended.code}: {ended.said[-600:]}"
        if ended.code:
            last = [line for line in ended.said.splitlines() if line.startswith("cuvee: ")]
            assert len(last) == 1 and "Traceback" not in ended.said, f"it says {ended.said[-600:]}"
            assert str(self.world.root) in last[0], f"no path in {last[0]!r}"

    def _base(self, at: int) -> int:
        """Return the number of operations before the last step that was whole before this operation began."""
        for before in range(at - 1, 1, -1):
            done, earlier = self.cache.operations[before - 1], self.cache.operations[before - 2]
            if (done.kind, done.path, earlier.kind) == ("sync", self.world.run / "work", "rename"):
                return before
        return 0


def torture(minutes: float, seed: int) -> bool:
    """Try all faults of all verbs, in random order, for so long; print what was tried, and return whether all was well."""
    end = time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory(prefix="cuvee-torture-") as folder:
        given = Path(folder) / "given"
        scenarios.prepare(given)
        tried = []
        for number, verb in enumerate(scenarios.SCENARIOS):
            left = (end - time.monotonic()) / (len(scenarios.SCENARIOS) - number)
            tried.append(one(verb, World(Path(folder) / "world", given), Path(folder) / "kept", left, seed))
            tell(tried[-1])
    return not any(verb.wrong for verb in tried)


def one(verb: str, world: World, place: Path, seconds: float, seed: int) -> Tried:
    """Try the faults of a verb for so long."""
    until = time.monotonic() + seconds
    shutil.rmtree(place, ignore_errors=True)
    trials = Trials(verb, world, place)
    ways = list(trials.all())
    random.Random(seed).shuffle(ways)
    for at, way in ways:
        trials.try_(at, way)
        if time.monotonic() > until:
            break
    shutil.rmtree(place, ignore_errors=True)
    return trials.tried


def tell(tried: Tried) -> None:
    """Print how many faults of a verb were lived through."""
    right = tried.done - len(tried.wrong)
    print(
        f"{tried.verb}: {tried.operations} operations, {right:,} of {tried.done:,} faults: same bytes after", flush=True
    )
    for line in tried.wrong[:10]:
        print(f"  {line}", flush=True)
