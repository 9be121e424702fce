"""Plain data as bytes and back: all that the two halves say to each other.

A message is a table of nodes, each a type's name and its content; a child is a number, a text, a truth value or None as it
is, or the place of another node. So depth, sharing and cycles survive, and reading makes nothing but the types named here.
What was sent as an argument comes back with the answer and is refilled in place, so a list that was sorted is sorted here too.
"""

import importlib
import json
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence

Node = tuple[str, object]
MOST_ITEMS = 100_000  # of an iterator: it may have no end
MOST_NODES = 2_000_000
SMALL = 1 << 63

MUTABLE: dict[str, type] = {kind.__name__: kind for kind in (list, set, dict, bytearray, deque, Counter, OrderedDict)}
SEALED: dict[str, type] = {kind.__name__: kind for kind in (tuple, frozenset, range)}
# Types whose content is one text: its module, how it is written, how it is read
TEXTS: dict[str, tuple[str, Callable[[object], str], str]] = {
    "Decimal": ("decimal", str, ""),
    "Fraction": ("fractions", str, ""),
    "date": ("datetime", str, "fromisoformat"),
    "datetime": ("datetime", str, "fromisoformat"),
    "time": ("datetime", str, "fromisoformat"),
}


class NotPlainError(Exception):
    """A value of a type that does not go through."""


class NotReadableError(Exception):
    """A message that is none."""


class Packer:
    """Writes values as one message. objects: what the nodes stand for, those that the other side knows already first.

    exact: refuse subclasses instead of sending what they hold.
    """

    def __init__(self, known: Sequence[object] = (), *, exact: bool) -> None:
        self.objects, self.exact = list(known), exact
        self._places = {id(one): place for place, one in enumerate(self.objects)}

    def pack(self, *values: object) -> bytes:
        """Return the message. Raises NotPlainError."""
        roots = [self._child(value) for value in values]
        nodes: list[Node] = []
        while len(nodes) < len(self.objects):  # grows while its nodes are written
            nodes.append(self._node(self.objects[len(nodes)]))
            if len(self.objects) > MOST_NODES:
                raise NotPlainError("more than can be told")
        return json.dumps([roots, nodes]).encode()

    def _child(self, value: object) -> object:
        kind = type(value)
        if value is None or kind in (bool, str, float) or (kind is int and -SMALL < value < SMALL):  # type: ignore[operator]
            return value
        place = self._places.setdefault(id(value), len(self.objects))
        if place == len(self.objects):
            self.objects.append(value)
        return [place]

    def _node(self, value: object) -> Node:
        kind = self._kind(value)
        if isinstance(value, dict):
            return kind, [[self._child(key), self._child(item)] for key, item in dict.items(value)]
        if isinstance(value, bytes | bytearray):
            return kind, bytes(value).hex()
        if isinstance(value, int | complex | float | str):
            return kind, _number(value)
        if isinstance(value, range):
            return kind, [self._child(part) for part in (value.start, value.stop, value.step)]
        if kind in TEXTS:
            return kind, TEXTS[kind][1](value)
        return kind, [self._child(item) for item in self._items(value)]

    def _kind(self, value: object) -> str:
        mine = type(value)
        if isinstance(value, deque) and value.maxlen is not None:
            raise NotPlainError("a deque that forgets")
        for name, kind in (*MUTABLE.items(), *SEALED.items()):
            if mine is kind:
                return name
        if TEXTS.get(mine.__name__, ("",))[0] == mine.__module__ and getattr(value, "tzinfo", None) is None:
            return mine.__name__
        if mine in (int, complex, bytes):
            return mine.__name__
        if not self.exact:
            for kind in (str, int, float, bytes, complex, list, tuple, set, frozenset, dict, deque):
                if isinstance(value, kind):
                    return kind.__name__
            if isinstance(value, Iterator):
                return "iterator"
        raise NotPlainError(f"a {mine.__name__}")

    def _items(self, value: object) -> list[object]:
        items: list[object] = []
        for item in value:  # type: ignore[attr-defined]
            items.append(item)
            if isinstance(value, Iterator) and len(items) > MOST_ITEMS:
                raise NotPlainError(f"an iterator of more than {MOST_ITEMS:,} items")
        return items


def _number(value: object) -> object:
    if isinstance(value, int):
        return hex(int.__index__(value))
    if isinstance(value, complex):
        return [value.real, value.imag]
    return float.hex(value) if isinstance(value, float) else str.__str__(value)


class Unpacker:
    """Reads a message. objects: what its nodes stand for; those that were sent from here (``mine``) stay the same objects."""

    def __init__(self, message: bytes, mine: Sequence[object] = ()) -> None:
        """Raises NotReadableError for anything that ``Packer`` would not have written."""
        self._busy: set[int] = set()
        try:
            self._roots, self._nodes = json.loads(message)
            mine = mine if self._nodes else ()  # an answer may leave them as they are
            if len(self._nodes) < len(mine) or type(self._roots) is not list or type(self._nodes) is not list:
                raise NotReadableError("the message is none")
            self.objects: list[object] = [*mine, *([None] * (len(self._nodes) - len(mine)))]
            self._made = [True] * len(mine) + [False] * (len(self._nodes) - len(mine))
            self._build(len(mine))
            self.values = [self._child(root) for root in self._roots]
        except NotReadableError:
            raise
        except (ValueError, TypeError, KeyError, IndexError, ArithmeticError, RecursionError, MemoryError) as wrong:
            raise NotReadableError(f"the message cannot be read: {type(wrong).__name__}") from wrong

    def _build(self, known: int) -> None:
        for place, (tag, _) in enumerate(self._nodes):
            if place < known:
                if type(self.objects[place]).__name__ != tag:
                    raise NotReadableError("an argument came back as another type")
            elif tag in MUTABLE:
                self.objects[place], self._made[place] = MUTABLE[tag](), True
        for place in range(known, len(self._nodes)):
            self._sealed(place)
        for place, (tag, content) in enumerate(self._nodes):
            if tag in MUTABLE:
                self._fill(self.objects[place], content)

    def _sealed(self, place: int) -> object:
        if not self._made[place]:
            if place in self._busy:
                raise NotReadableError("a tuple holds itself")
            self._busy.add(place)
            tag, content = self._nodes[place]
            self.objects[place], self._made[place] = self._make(tag, content), True
        return self.objects[place]

    def _make(self, tag: str, content: object) -> object:
        if tag in TEXTS:
            module, _, method = TEXTS[tag]
            kind = getattr(importlib.import_module(module), tag)
            return (getattr(kind, method) if method else kind)(_text(content))
        if tag in ALONE:
            return ALONE[tag](content)
        return JOINED[tag]([self._child(item) for item in _list(content)])

    def _child(self, child: object) -> object:
        if child is None or type(child) in (bool, str, float, int):
            return child
        (place,) = _list(child)
        if type(place) is not int or place < 0:
            raise NotReadableError("a place that is none")
        return self._sealed(place)

    def _fill(self, target: object, content: object) -> None:
        if isinstance(target, bytearray):
            target[:] = bytes.fromhex(_text(content))
            return
        assert isinstance(target, list | set | dict | deque)
        if isinstance(target, dict):
            pairs = [[self._child(part) for part in _list(pair)] for pair in _list(content)]
            target.clear()
            for key, item in pairs:
                target[key] = item
            return
        items = [self._child(item) for item in _list(content)]
        target.clear()
        (target.update if isinstance(target, set) else target.extend)(items)


def _complex(parts: list[object]) -> complex:
    real, imaginary = parts
    if type(real) is not float or type(imaginary) is not float:
        raise NotReadableError("a complex number is two numbers")
    return complex(real, imaginary)


def _range(parts: list[object]) -> range:
    start, stop, step = (part for part in parts if type(part) is int)
    return range(start, stop, step)


def _text(content: object) -> str:
    if type(content) is not str:
        raise NotReadableError("no text where there should be one")
    return content


def _list(content: object) -> list[object]:
    if type(content) is not list:
        raise NotReadableError("no list where there should be one")
    return content


# How a node is made from its content, and from its children
ALONE: dict[str, Callable[[object], object]] = {
    "int": lambda content: int(_text(content), 16),
    "str": _text,
    "float": lambda content: float.fromhex(_text(content)),
    "bytes": lambda content: bytes.fromhex(_text(content)),
}
JOINED: dict[str, Callable[[list[object]], object]] = {
    "tuple": tuple,
    "frozenset": frozenset,
    "iterator": iter,
    "range": _range,
    "complex": _complex,
}
