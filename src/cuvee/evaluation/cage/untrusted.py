"""The half that holds a model's code. It answers calls; whatever it says is data, and nothing that it says is a verdict."""

import builtins

from .channel import Channel
from .wire import NotPlainError, Packer, Unpacker

READY, RETURNED, RAISED, LEFT, NOT_PLAIN = "ready", "returned", "raised", "left", "not plain"


def serve(code: str, entry: str, channel: Channel) -> None:
    """Run the code, then answer calls of ``entry``, an expression over what it defined, until there are no more."""
    space: dict[str, object] = {"__name__": "__main__"}
    try:
        exec(compile(code, "program.py", "exec"), space)
        function = eval(entry, space)
    except BaseException as wrong:  # noqa: BLE001 (whatever the code raises is told)
        channel.send(_raised(wrong, Packer(exact=False)))
        return
    channel.send(Packer(exact=False).pack(READY))
    while True:
        channel.send(_answer(function, channel.receive()))


def _answer(function: object, message: bytes) -> bytes:
    asked = Unpacker(message)
    number, given, named = asked.values
    packer = Packer(asked.objects, exact=False)
    try:
        result = function(*given, **named)  # type: ignore[operator, misc, arg-type]
        return packer.pack(RETURNED, number, result)
    except NotPlainError as wrong:
        return Packer(exact=False).pack(NOT_PLAIN, number, str(wrong))
    except BaseException as wrong:  # noqa: BLE001
        return _raised(wrong, Packer(asked.objects, exact=False), number)


def _raised(wrong: BaseException, packer: Packer, number: object = None) -> bytes:
    """Return an exception as the nearest one of Python's own: ``except ValueError`` in a test catches what it would."""
    names = [kind.__name__ for kind in type(wrong).__mro__ if kind.__module__ == builtins.__name__]
    kind = RAISED if isinstance(wrong, Exception) else LEFT
    text = str(wrong)[:2_000]
    try:
        return packer.pack(kind, number, type(wrong).__name__, names[0], text)
    except NotPlainError:  # an argument holds by now what cannot be told
        return Packer(exact=False).pack(NOT_PLAIN, number, "an argument that it changed")
