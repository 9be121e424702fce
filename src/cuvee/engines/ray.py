"""Ray: the processes of a cluster. Tasks for pure work, an actor for every part of what keeps a state (Ray Core).

Retries, order and what a failure says are ours, as on one machine: Ray is asked to try nothing twice.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cuvee.engines.failing import Attempted, outcome
from cuvee.engines.keeping import Keeper, Keeping, Parts
from cuvee.engines.seam import Content, Held, Result, Shard, State
from cuvee.engines.sharing import Sharing
from cuvee.errors import ConfigError, MissingExtraError
from cuvee.runs.hashes import code_version

if TYPE_CHECKING:
    from ray import ObjectRef
    from ray.actor import ActorHandle

SCHEME = "ray://"
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is sent anywhere
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


@dataclass(frozen=True, kw_only=True)
class Ray:
    """address: ray://HOST:PORT; None for the cluster that runs on this machine, or one that is started for this process.

    workers: tasks or actors at one time, a core each; None for a core of the cluster each.
    """

    address: str | None = None
    workers: int | None = None

    def each(
        self,
        work: Callable[[Content], Result],
        shards: Sequence[Shard[Content]],
        *,
        finished: Callable[[int, Result], None] | None = None,
    ) -> list[Result]:
        """See ``Engine``."""
        if not shards:
            return []
        lanes = [_Lane() for _ in range(self._size(len(shards)))]
        try:
            return Sharing(work, shards, finished).by(lanes)
        finally:
            for lane in lanes:
                lane.close()

    @contextmanager
    def state(self, make: Callable[[Content], State], shards: Sequence[Shard[Content]]) -> Iterator[Held[State]]:
        """See ``Engine``."""
        seats = [_Seat() for _ in range(self._size(len(shards)))] if shards else []
        try:
            yield Keeping(make, shards, seats)
        finally:
            for seat in seats:
                seat.close()

    def size(self) -> int:
        """Return how many work at one time."""
        cores = connect(self.address, self.workers)
        return max(1, min(self.workers or cores, cores))

    def _size(self, shards: int) -> int:
        return min(self.size(), shards)


def connect(address: str | None, workers: int | None) -> int:
    """Be connected to the cluster; return its cores. Raises MissingExtraError without Ray, ConfigError without a cluster."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise MissingExtraError("ray", "ray", "--engine ray") from None
    if not ray.is_initialized():
        try:
            _start(address, workers)
        except (ConnectionError, TimeoutError, OSError, RuntimeError, ValueError) as wrong:
            said = str(wrong).strip().split("\n")[0]
            raise ConfigError(
                f"no Ray cluster answers at {address or 'this machine'}: {said}",
                "start one with `ray start --head --ray-client-server-port 10001`, or leave the address out",
            ) from None
        try:
            _same_code()
        except ConfigError:
            ray.shutdown()
            raise
    return int(ray.cluster_resources().get("CPU", 1))


def _start(address: str | None, workers: int | None) -> None:
    import ray

    if address:
        ray.init(address, log_to_driver=False)
        return
    try:
        ray.init("auto", log_to_driver=False, logging_level="error")
    except ConnectionError:
        ray.init(
            "local",
            num_cpus=workers,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="error",
        )


def _code() -> str:
    return code_version()


def _same_code() -> None:
    """Raise ConfigError where the cluster has another cuvee: its results would not be ours."""
    import ray

    try:
        there: str = ray.get(ray.remote(_code).remote())
    except ray.exceptions.RayError as wrong:
        said = str(wrong).strip().split("\n")[-1]
        raise ConfigError(
            f"cuvee does not run on the Ray cluster: {said}", "install the same cuvee on every node"
        ) from None
    if there != code_version():
        raise ConfigError("the Ray cluster has another version of cuvee", "install the same one on every node")


class _Lane:
    """One task at a time: see ``engines.sharing.Lane``."""

    def __init__(self) -> None:
        self._ref: ObjectRef[Attempted[object]] | None = None

    def submit(self, work: Callable[[Content], Result], shard: Shard[Content]) -> Future[Result]:
        """Start a task."""
        import ray

        task = ray.remote(outcome).options(num_cpus=1, max_retries=0)
        self._ref = task.remote(work, shard.content, shard.place)
        return _value(_come(self._ref))

    def renew(self) -> None:
        """A task has a process of its own choice."""

    def close(self) -> None:
        """End what still runs: nobody waits for it."""
        import ray

        if self._ref is not None:
            with suppress(Exception):
                ray.cancel(self._ref, force=True)


class _Seat:
    """One actor: see ``engines.keeping.Seat``."""

    def __init__(self) -> None:
        self._actor: ActorHandle[Keeper[object, object]] | None = None

    def seat(self, make: Callable[[Content], State], parts: Parts[Content]) -> None:
        """Start an actor."""
        import ray

        self.close()
        self._actor = ray.remote(Keeper).options(num_cpus=1, max_restarts=0).remote(make, parts)

    def ask(self, question: Callable[[State], Result]) -> Future[dict[int, Attempted[Result]]]:
        """Ask it."""
        assert self._actor is not None
        return _come(self._actor.asked.remote(question))

    def close(self) -> None:
        """End the actor."""
        import ray

        if self._actor is not None:
            with suppress(Exception):
                ray.kill(self._actor)


def _come(ref: "ObjectRef[Result]") -> Future[Result]:
    """Return the future of a reference; what says that a process or node died becomes a BrokenExecutor."""
    import ray

    out: Future[Result] = Future()

    def settle(came: Future[Result]) -> None:
        wrong = came.exception()
        if wrong is None:
            out.set_result(came.result())
        elif isinstance(wrong, ray.exceptions.RayError) and not isinstance(wrong, ray.exceptions.RayTaskError):
            out.set_exception(BrokenExecutor(str(wrong)))
        else:
            out.set_exception(wrong)

    ref.future().add_done_callback(settle)
    return out


def _value(came: Future[Attempted[Result]]) -> Future[Result]:
    """Return the future of what an outcome holds."""
    out: Future[Result] = Future()

    def settle(future: Future[Attempted[Result]]) -> None:
        try:
            out.set_result(future.result().value())
        except Exception as wrong:  # noqa: BLE001 (it is handed on)
            out.set_exception(wrong)

    came.add_done_callback(settle)
    return out
