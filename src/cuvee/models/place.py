"""Where the models of a command work: the device and the precision that were asked for, else what the machine has."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from cuvee.commands import Mistakes
from cuvee.errors import ConfigError
from cuvee.runs import digest

PRECISIONS = ("float32", "bfloat16", "float16")
KINDS = ("cpu", "cuda", "mps", "xpu")


@dataclass(frozen=True, kw_only=True)
class ModelPlace:
    """A device and a precision, as typed; None leaves them to the machine."""

    device: str | None = None
    precision: str | None = None

    def check(self, wrong: Mistakes) -> None:
        """Put what cannot be into ``wrong``; whether the device is there, loading a model tells."""
        wrong.check(self._known)

    def _known(self) -> None:
        if self.device is not None and self.device.partition(":")[0] not in KINDS:
            raise ConfigError(f"device {self.device!r} is not known", "cpu, cuda, or cuda:1 for the second GPU")
        if self.precision is not None and self.precision not in PRECISIONS:
            raise ConfigError(f"precision {self.precision!r} is not known", f"one of {', '.join(PRECISIONS)}")

    @contextmanager
    def used(self) -> Iterator[None]:
        """Let every model that is loaded inside the block, and that is not told otherwise, work here."""
        token = _PLACE.set(self)
        try:
            yield
        finally:
            _PLACE.reset(token)


_PLACE: ContextVar[ModelPlace] = ContextVar("place", default=ModelPlace())  # noqa: B039  (frozen)


def asked() -> ModelPlace:
    """Return the place that the command at work asked for."""
    return _PLACE.get()


def version() -> str | None:
    """Return what stands for the place in a step's address; None where nothing was asked, so that old steps are found."""
    place = asked()
    return None if place == ModelPlace() else digest([place.device, place.precision])
