"""What an object is: a hash of its code and of what it holds, so that no result outlives the code that made it."""

import hashlib
import inspect
import pickle
import types
import uuid
from collections.abc import Iterator

_PLAIN = (str, bytes, int, float, complex, bool, type(None))


def of(thing: object) -> str:
    """Return 12 hex digits of a function's code, defaults, closure and globals, or of an object's class and attributes.

    What cannot be read (a lock, an open file) gets a new identity in every process: it is never taken for another.
    """
    state = hashlib.sha256()
    for part in _parts(thing, set()):
        state.update(len(part).to_bytes(8, "little") + part)
    return state.hexdigest()[:12]


def _parts(thing: object, seen: set[int]) -> Iterator[bytes]:
    if isinstance(thing, _PLAIN):
        yield repr(thing).encode()
    elif id(thing) in seen:
        yield b"again"
    else:
        yield from _deeper(thing, seen | {id(thing)})


def _deeper(thing: object, seen: set[int]) -> Iterator[bytes]:
    if isinstance(thing, types.ModuleType):
        yield thing.__name__.encode()
    elif isinstance(thing, types.FunctionType):
        yield from _function(thing, seen)
    elif isinstance(thing, types.MethodType):
        yield from _parts(thing.__func__, seen)
        yield from _parts(thing.__self__, seen)
    elif isinstance(thing, types.CodeType):
        yield from (thing.co_code, repr(thing.co_names).encode())
        for constant in thing.co_consts:
            yield from _parts(constant, seen)
    elif isinstance(thing, type):
        yield from _class(thing, seen)
    else:
        yield from _held(thing, seen)


def _function(function: types.FunctionType, seen: set[int]) -> Iterator[bytes]:
    code = function.__code__
    yield from _parts(code, seen)
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    used = [function.__globals__[name] for name in _names(code) if name in function.__globals__]
    for value in (function.__defaults__, function.__kwdefaults__, *cells, *used):
        yield from _parts(value, seen)


def _names(code: types.CodeType) -> Iterator[str]:
    """Yield the names that a function's code, or code inside it, may look up."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _class(kind: type, seen: set[int]) -> Iterator[bytes]:
    try:
        yield inspect.getsource(kind).encode()
    except (OSError, TypeError):  # typed into a terminal, or built in
        yield kind.__qualname__.encode()
        for value in vars(kind).values():
            if isinstance(value, types.FunctionType):
                yield from _parts(value, seen)


def _held(thing: object, seen: set[int]) -> Iterator[bytes]:
    """Yield what a value holds: the parts of a container; else the class, and its pickle or, without one, its attributes."""
    if isinstance(thing, dict):
        for key, value in thing.items():
            yield from (*_parts(key, seen), *_parts(value, seen))
    elif isinstance(thing, list | tuple):
        for value in thing:
            yield from _parts(value, seen)
    else:
        yield from _parts(type(thing), seen)
        yield from _content(thing, seen)


def _content(thing: object, seen: set[int]) -> Iterator[bytes]:
    try:
        yield pickle.dumps(thing)
    except Exception:  # noqa: BLE001 (whatever a stranger's object raises)
        yield from _parts(vars(thing), seen) if getattr(thing, "__dict__", None) else [uuid.uuid4().bytes]
