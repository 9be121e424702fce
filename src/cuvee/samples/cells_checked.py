"""Arrow batches as Python rows, cell by cell where a batch is not sound: a bad cell costs its row, not the file."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pyarrow as pa

FAULTS = (pa.ArrowException, ValueError, OverflowError, TypeError, KeyError, NotImplementedError, AttributeError)
BYTES_OF_TEXT = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary()}


@dataclass(frozen=True, slots=True)
class Fault:
    """A cell that cannot be read, and why."""

    why: str


def rows(batch: pa.RecordBatch) -> Iterator[tuple[dict[str, object], str]]:
    """Yield each row with its readable cells, and what is wrong with the first of the others ("" where nothing is)."""
    whole = _pylist(batch)
    if whole is not None:
        yield from ((row, "") for row in whole)
        return
    columns = {name: cells(column) for name, column in zip(batch.schema.names, batch.columns, strict=True)}
    for at in range(batch.num_rows):
        row, wrong = {}, ""
        for name, column in columns.items():
            cell = column[at]
            if isinstance(cell, Fault):
                wrong = wrong or f"its cell {name!r} {cell.why}"
            else:
                row[name] = cell
        yield row, wrong


def _pylist(batch: pa.RecordBatch) -> list[dict[str, object]] | None:
    try:
        batch.validate(full=True)
        found: list[dict[str, object]] = batch.to_pylist()
    except FAULTS:
        return None
    return found


def cells(array: pa.Array) -> Sequence[object]:
    """Return the values of an array, a ``Fault`` where one cannot be read."""
    try:
        if isinstance(array, pa.ExtensionArray):
            return cells(array.storage)
        return _reader(array.type)(array)
    except FAULTS as wrong:
        return [Fault(f"is damaged: {_line(wrong)}")] * len(array)


def _reader(kind: pa.DataType) -> Callable[[pa.Array], list[object]]:
    if kind in BYTES_OF_TEXT:
        return _texts
    if pa.types.is_dictionary(kind):
        return _looked_up
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _lists
    return _structs if pa.types.is_struct(kind) else _values


def _sound(array: pa.Array) -> pa.Array:
    array.validate(full=True)
    return array


def _texts(array: pa.Array) -> list[object]:
    return [_text(value) for value in _sound(array.view(BYTES_OF_TEXT[array.type])).to_pylist()]


def _values(array: pa.Array) -> list[object]:
    return [_value(one) for one in _sound(array)]


def _text(value: bytes | None) -> str | Fault | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError as wrong:
        return Fault(f"holds bytes that are not UTF-8, the first at {wrong.start}")


def _value(scalar: pa.Scalar) -> object:
    try:
        return scalar.as_py()
    except FAULTS as wrong:
        return Fault(f"holds a {scalar.type} that cannot be read: {_line(wrong)}")


def _looked_up(array: pa.DictionaryArray) -> list[object]:
    words, places = cells(array.dictionary), _sound(array.indices).to_pylist()
    beyond = Fault("points beyond its dictionary")
    return [None if at is None else words[at] if 0 <= at < len(words) else beyond for at in places]


def _lists(array: pa.ListArray) -> list[object]:
    offsets, there = array.offsets.to_pylist(), array.is_valid().to_pylist()
    count = len(array.values)
    fit = [0 <= one <= two <= count for one, two in pairwise(offsets)]
    ends = [end for ok, pair in zip(fit, pairwise(offsets), strict=True) if ok for end in pair]
    first, last = min(ends, default=0), max(ends, default=0)
    inner = cells(array.values.slice(first, last - first))
    found: list[object] = []
    for at, ok in enumerate(fit):
        if not there[at]:
            found.append(None)
        elif ok:
            found.append(_faultless(inner[offsets[at] - first : offsets[at + 1] - first]))
        else:
            found.append(Fault("is a list whose ends are not in order"))
    return found


def _structs(array: pa.StructArray) -> list[object]:
    names = [array.type.field(at).name for at in range(array.type.num_fields)]
    if len(set(names)) < len(names):
        return [Fault("has two fields of one name")] * len(array)
    columns = [cells(array.field(at)) for at in range(len(names))]
    found: list[object] = []
    for at, there in enumerate(array.is_valid().to_pylist()):
        values = [column[at] for column in columns]
        fault = _faultless(values)
        found.append(fault if isinstance(fault, Fault) else dict(zip(names, values, strict=True)) if there else None)
    return found


def _faultless(values: Sequence[object]) -> list[object] | Fault:
    """Return the values, or the first fault among them."""
    return next((value for value in values if isinstance(value, Fault)), list(values))


def _line(wrong: BaseException) -> str:
    return " ".join(str(wrong).split())[:200]
