"""Where the work of a command runs: the engine that was asked for, else all cores of this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from cuvee.engines.local import Local, cores
from cuvee.engines.ray import SCHEME, Ray
from cuvee.engines.seam import Engine
from cuvee.errors import ConfigError

LOCAL, RAY = "local", "ray"


def named(name: str, workers: int | None) -> Engine:
    """Return an engine by what a user wrote. Raises ConfigError for an unknown one."""
    if name == LOCAL:
        return Local(workers=workers)
    if name == RAY:
        return Ray(workers=workers)
    if name.startswith(SCHEME):
        return Ray(address=name, workers=workers)
    raise ConfigError(f"there is no engine {name!r}", "local, ray, or ray://HOST:PORT")


@contextmanager
def used(name: str, workers: int | None) -> Iterator[None]:
    """Let all work inside the block that can be divided run there."""
    token = _ENGINE.set(named(name, workers))
    try:
        yield
    finally:
        _ENGINE.reset(token)


_HERE = Local()
_ENGINE: ContextVar[Engine] = ContextVar("engine", default=_HERE)


def chosen() -> Engine:
    """Return the engine of the command at work."""
    return _ENGINE.get()


def divides() -> bool:
    """Tell whether one matrix product after the other should be divided among processes.

    By default it is not: the library that does them has a thread on every core already.
    """
    engine = chosen()
    return isinstance(engine, Ray) or (isinstance(engine, Local) and engine.workers is not None and engine.workers > 1)


def shards_of(engine: Engine) -> int:
    """Return how many shards keep an engine busy: two for each of its workers."""
    if isinstance(engine, Ray):
        return 2 * engine.size()
    return 2 * (getattr(engine, "workers", None) or cores())
