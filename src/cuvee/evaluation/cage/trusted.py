"""The half that runs the tests and says what came of them. The tested code is in another process; only its name is here.

Where it cannot be known whether the tests would have passed beside the code, they have not: see ``DoubtError``.
"""

import builtins
import json
from collections.abc import Callable

from .channel import Channel, ClosedError
from .untrusted import LEFT, NOT_PLAIN, RAISED, READY, RETURNED
from .wire import NotPlainError, NotReadableError, Packer, Unpacker

CANDIDATE = "candidate"  # the tested function's name for tests whose entry is an expression


class DoubtError(BaseException):
    """The tests cannot be judged from here on. No ``except Exception`` of theirs catches it, and catching it is no help."""


class Tested:
    """The code on the other side of the channel. calls: how many were made. doubt: why it cannot be judged, once it cannot."""

    def __init__(self, channel: Channel) -> None:
        self._channel, self.calls, self.doubt = channel, 0, ""

    def load(self) -> None:
        """Wait until the code has been run. Raises what it raised, DoubtError where it left."""
        self._take(Unpacker(self._received()), None)

    def call(self, *given: object, **named: object) -> object:
        """Return what the code's function returns, or raise what it raises."""
        if self.doubt:
            raise DoubtError(self.doubt)
        self.calls += 1
        packer = Packer(exact=True)
        try:
            message = packer.pack(self.calls, list(given), named)
        except NotPlainError as wrong:
            raise self._in_doubt(f"its tests hand over {wrong}, which cannot be judged from outside") from None
        try:
            self._channel.send(message)
            answer = Unpacker(self._received(), packer.objects)
        except (ClosedError, NotReadableError) as wrong:
            raise self._in_doubt(str(wrong)) from None
        return self._take(answer, self.calls)

    def _received(self) -> bytes:
        try:
            return self._channel.receive()
        except ClosedError as wrong:
            raise self._in_doubt(str(wrong)) from None

    def _take(self, answer: Unpacker, number: int | None) -> object:
        kind, *rest = answer.values
        if number is None and kind == READY:
            return None
        if len(rest) < 2 or rest[0] != number or type(rest[0]) is not type(number):
            raise self._in_doubt("its answers do not fit its calls")
        if kind == RETURNED and number is not None:
            return rest[1]
        if kind == RAISED:
            raise _exception(*map(str, rest[1:4]))
        if kind == LEFT:
            raise self._in_doubt(f"{rest[1]}: {rest[-1]}".removesuffix(": "))
        if kind == NOT_PLAIN:
            raise self._in_doubt(f"it answers with {rest[1]}, which cannot be judged from outside")
        raise self._in_doubt("its answers are none")

    def _in_doubt(self, why: str) -> DoubtError:
        self.doubt = self.doubt or why
        return DoubtError(self.doubt)


def judge(prelude: str, tests: str, entry: str, channel: Channel) -> bytes:
    """Return the verdict on the code: JSON with passed and reason."""
    tested = Tested(channel)
    try:
        tested.load()
        space: dict[str, object] = {"__name__": "__main__"}
        exec(compile(prelude, "prelude.py", "exec"), space)
        space |= {CANDIDATE: _named(tested.call, entry)} | (
            {entry: _named(tested.call, entry)} if entry.isidentifier() else {}
        )
        exec(compile(tests, "tests.py", "exec"), space)
    except BaseException as wrong:  # noqa: BLE001 (whatever the tests raise is the verdict)
        return _verdict(False, tested.doubt or getattr(wrong, "told", None) or _told(wrong))
    if tested.doubt or not tested.calls:
        return _verdict(False, tested.doubt or "its tests never call it")
    return _verdict(True, "")


def _named(call: Callable[..., object], entry: str) -> Callable[..., object]:
    def candidate(*given: object, **named: object) -> object:
        return call(*given, **named)

    candidate.__name__ = candidate.__qualname__ = entry
    return candidate


def _exception(name: str, base: str, text: str) -> Exception:
    """Return the exception that the code raised, as Python's own nearest one; told keeps its own name."""
    kind = getattr(builtins, base, RuntimeError)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        kind = RuntimeError
    try:
        made = kind(text)
    except TypeError:  # UnicodeDecodeError and its like want more than a text
        made = RuntimeError(text)
    made.told = f"{name}: {text}".removesuffix(": ")  # type: ignore[attr-defined]
    return made


def _told(wrong: BaseException) -> str:
    return f"{type(wrong).__name__}: {wrong}".removesuffix(": ")


def _verdict(passed: bool, reason: str) -> bytes:
    return json.dumps({"passed": passed, "reason": reason[:300]}).encode()
