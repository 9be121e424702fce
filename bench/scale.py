"""k-center over shards: seconds, rounds, memory; Ray's fixed cost; and what more machines would take, by a model of time.

python -m bench.scale kcenter --rows 2000000 --dim 384 --picks 10000 --engine local --workers 2 [--alone]
python -m bench.scale real FILE.npy --picks 3000     rounds on vectors that an embedder made
python -m bench.scale start                          what Ray takes before it does anything
python -m bench.scale simulate --rows 100000000 --machines 16
"""

import argparse
import os
import resource
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Generic

import numpy as np
import psutil

from cuvee.engines import Engine, Held, Shard, held_here, named
from cuvee.engines.seam import Content, Result, State
from cuvee.geometry.kcenter import kcenter as alone
from cuvee.sharding import kcenter, parts
from cuvee.sharding.centres import Offer
from cuvee.sharding.vectors import VectorPart

BLOCK = 100_000
GROUPS = 3_000
NOISE = 0.7


def made(rows: int, dim: int, path: Path) -> None:
    """Write unit rows around 3,000 centres of very different sizes, block by block: the same whatever is asked for later."""
    if path.exists() and np.load(path, mmap_mode="r").shape == (rows, dim):
        return
    centres = np.random.default_rng(0).standard_normal((GROUPS, dim), dtype=np.float32)
    share = 1 / np.arange(1, GROUPS + 1)
    X = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(rows, dim))
    for start in range(0, rows, BLOCK):
        chance = np.random.default_rng([1, start])
        size = min(BLOCK, rows - start)
        part = centres[chance.choice(GROUPS, size, p=share / share.sum())]
        part = part + NOISE * chance.standard_normal((size, dim), dtype=np.float32)
        X[start : start + size] = part / np.linalg.norm(part, axis=1, keepdims=True)
    X.flush()


@contextmanager
def memory() -> Iterator[dict[str, float]]:
    """Yield a dictionary that holds, when the block ends, the most private megabytes of this process and of any other."""
    found = {"driver": 0.0, "worker": 0.0}
    ended = threading.Event()

    def look() -> None:
        me = psutil.Process()
        while not ended.wait(0.5):
            found["driver"] = max(found["driver"], _private(me))
            found["worker"] = max([found["worker"], *(_private(one) for one in _workers(me))])

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()


def _workers(me: psutil.Process) -> list[psutil.Process]:
    under = me.children(recursive=True)
    return [one for one in under if "raylet" not in one.name() and "gcs" not in one.name()]


def _private(process: psutil.Process) -> float:
    """Return megabytes that are the process's own: pages of mapped files are not, they can be dropped at any time."""
    try:
        told = process.memory_info()
    except psutil.Error:
        return 0.0
    return float(told.rss - told.shared) / 1e6


def run_kcenter(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(given.file) if given.file else Path(folder) / "made.npy"
        made(given.rows, given.dim, path)
        _measured(path, given)


def _measured(path: Path, given: argparse.Namespace) -> None:
    engine = named(given.engine, given.workers)
    shards = parts([path], given.shards, k=given.picks)
    start, used = time.perf_counter(), time.process_time()
    with memory() as peak:
        rows, _, rounds = kcenter(engine, shards, given.picks)
    seconds = time.perf_counter() - start
    shape = np.load(path, mmap_mode="r").shape
    print(
        f"| {given.engine} | {shape[0]:,} x {shape[1]} | {given.picks:,} | {len(shards)} | {seconds:.1f} | "
        f"{time.process_time() - used:.1f} | {rounds} | {peak['driver']:.0f} | {peak['worker']:.0f} |"
    )
    if given.alone:
        start, used = time.perf_counter(), time.process_time()
        expected, _ = alone(np.load(path, mmap_mode="r"), given.picks)
        print(f"one process: {time.perf_counter() - start:.1f} s, {time.process_time() - used:.1f} CPU s; ", end="")
        print("the same picks" if (rows == expected).all() else "OTHER PICKS")


def run_start(_: argparse.Namespace) -> None:
    start = time.perf_counter()
    engine = named("ray", 2)
    with memory() as peak:
        engine.each(abs, [Shard("one", 1, 1.0)])
        first = time.perf_counter() - start
        start = time.perf_counter()
        engine.each(abs, [Shard(str(at), at, 1.0) for at in range(100)])
        time.sleep(1)
    everyone = sum(_private(one) for one in psutil.Process().children(recursive=True))
    print(f"first task after {first:.1f} s; 100 more in {time.perf_counter() - start - 1:.2f} s")
    print(f"memory of all Ray's processes {everyone:.0f} MB, of the driver {peak['driver']:.0f} MB")


@dataclass(frozen=True)
class Speed:
    """What a core does. Defaults: measured on this machine, docs/scale.md.

    looked: rows a second that are compared with the first centre. kept: rows a second of an offer (bounds parted, and some
    brought up to date). network: bytes a second between machines. latency: seconds of a question.
    """

    looked: float = 4.0e6
    kept: float = 1.3e7
    network: float = 1.0e9
    latency: float = 2e-3


@dataclass
class Modelled:
    """An engine whose shards are small and real, and whose clock says what shards of ``rows`` rows would take."""

    rows: int
    speed: Speed = field(default_factory=Speed)
    seconds: dict[str, float] = field(default_factory=dict)
    bytes: float = 0.0
    largest: int = 0

    def each(
        self,
        work: Callable[[Content], Result],
        shards: Sequence[Shard[Content]],
        *,
        finished: Callable[[int, Result], None] | None = None,
    ) -> list[Result]:
        """See ``Engine``; k-center needs none."""
        raise NotImplementedError

    @contextmanager
    def state(self, make: Callable[[Content], State], shards: Sequence[Shard[Content]]) -> Iterator[Held[State]]:
        """See ``Engine``."""
        with held_here(make, shards) as held:
            yield Clocked(held, self, len(shards))

    def spend(self, name: str, seconds: float) -> None:
        """Move the clock on."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds


@dataclass
class Clocked(Generic[State]):
    """States that answer, while a clock is moved on."""

    held: Held[State]
    model: Modelled
    shards: int

    def ask(self, question: Callable[[State], Result]) -> list[Result]:
        """See ``Held``."""
        answers = self.held.ask(question)
        name = question.func.__name__ if isinstance(question, partial) else question.__name__
        each = self.model.rows / self.shards
        sent = sum(_size(answer) for answer in answers)
        at = {"offer": each / self.model.speed.kept, "total": each / self.model.speed.looked}
        at |= {"nearest": each / self.model.speed.looked, "size": each / self.model.speed.looked}
        self.model.spend(name, at.get(name, 0.0) + self.model.speed.latency + sent / self.model.speed.network)
        self.model.bytes += sent
        self.model.largest = max(self.model.largest, sent)
        return answers

    def tell(self, news: Callable[[State], None]) -> None:
        """See ``Held``."""
        first = "choose" not in self.model.seconds
        self.held.tell(news)
        told = news.keywords.values() if isinstance(news, partial) else ()
        sent = sum(_size(value) for value in told) * self.shards
        seconds = self.model.rows / self.shards / self.model.speed.looked if first else 0.0
        self.model.spend("choose", seconds + self.model.speed.latency + sent / self.model.speed.network)
        self.model.bytes += sent


def _size(answer: object) -> int:
    if isinstance(answer, Offer):
        return sum(value.nbytes for value in (answer.rows, answer.vectors, answer.lengths, answer.values, answer.exact))
    return answer.nbytes if isinstance(answer, np.ndarray) else 64


def run_simulate(given: argparse.Namespace) -> None:
    cores = given.machines * given.cores
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.npy"
        made(cores * given.sample, given.dim, path)
        model = Modelled(given.rows)
        engine: Engine = model
        shards: list[Shard[VectorPart]] = parts([path], cores)
        rows, _, rounds = kcenter(engine, shards, given.picks)
    whole = sum(model.seconds.values())
    print(
        f"{given.rows:,} rows on {given.machines} machines of {given.cores} cores: {len(rows):,} picks in {rounds} rounds"
    )
    print(f"{whole:.0f} s: " + ", ".join(f"{name} {seconds:.1f}" for name, seconds in model.seconds.items()))
    print(f"to and from the driver {model.bytes / 1e9:.1f} GB, {model.largest / 1e6:.0f} MB at one time", end="; ")
    each = given.rows / given.machines
    print(
        f"a machine maps {each * given.dim * 4 / 1e9:.0f} GB of vectors and holds {each * 16 / 1e9:.1f} GB beside them"
    )
    print(f"price {whole / 3600 * given.machines * given.price:.2f} at {given.price} an hour and machine")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["kcenter", "real", "start", "simulate"])
    parser.add_argument("file", nargs="?")
    for name, default in {"rows": 100_000, "dim": 384, "picks": 1_000, "shards": 4, "workers": 2}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    for name, default in {"machines": 16, "cores": 16, "sample": 500}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--price", type=float, default=0.8)
    parser.add_argument("--engine", default="local")
    parser.add_argument("--alone", action="store_true")
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if given.what == "real":
        _measured(Path(given.file), given)
    else:
        {"kcenter": run_kcenter, "start": run_start, "simulate": run_simulate}[given.what](given)
    print(f"peak of this process, mapped files too: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
