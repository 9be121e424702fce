"""Rows of JSON files in every shape they come in: lines, arrays, one object around a list, objects end to end.

A file is read in blocks and never held whole. What cannot be read becomes a row with an error, and reading goes on.
"""

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

import orjson

from cuvee.errors import InputError
from cuvee.loose_json import DECODER, DEEPEST, is_broken, is_deep, loads, mended
from cuvee.samples import json_keyed, json_stream
from cuvee.samples.raw import DEEP, IDS, ROW_BYTES, Raw, compact, refuse_utf16, too_long

REPLACED = "characters that are not Unicode replaced by U+FFFD"
BETWEEN = re.compile(r"[\s,]*+")
HEAD = 1 << 16  # bytes that decide the shape


def json_rows(blocks: Iterable[bytes], name: str, most: int = ROW_BYTES) -> Iterator[Raw]:
    """Yield the rows of a JSON file given as blocks of bytes. Raises InputError where it is not JSON at all.

    most: bytes of a row; a longer one has an error, and no more of it is ever held.
    """
    source = iter(blocks)
    head = b""
    for block in source:
        head += block
        if len(head) >= HEAD:
            break
    refuse_utf16(head, name)
    head = head.removeprefix(b"\xef\xbb\xbf")
    if not head.strip():
        return
    everything = itertools.chain([head], source)
    if _by_line(head, name):
        yield from _lines(everything, most)
    else:
        yield from _elements(json_stream.elements(everything, most), most)


def _elements(elements: Iterator[json_stream.Element], most: int) -> Iterator[Raw]:
    """Yield a row per element; a file that is one object of columns, lists of one length, holds a row per place in them."""
    first, second = next(elements, None), next(elements, None)
    if first is None:
        return
    if second is None and not first.listed and (columns := _columns(first.value)):
        for number, cells in enumerate(zip(*columns.values(), strict=True), start=1):
            row: dict[str, object] = dict(zip(columns, cells, strict=True))
            yield Raw(number, compact(row), row)
        return
    for element in itertools.chain([first], [second] if second else [], elements):
        yield _from_text(element, most)


def _columns(value: object) -> dict[str, list[object]]:
    """Return the columns of an object whose cells are all lists of plain values, two or more, of one length; else nothing.

    Objects of cells by number, as pandas writes them, are such lists too.
    """
    if not isinstance(value, dict) or len(value) < 2:
        return {}
    value = mended(value) if is_broken(value) else value
    assert isinstance(value, dict)
    columns = {name: _cells(cells) for name, cells in value.items() if isinstance(cells, list) or _counted(cells)}
    lengths = {len(cells) for cells in columns.values()}
    plain = all(not isinstance(cell, dict | list) for cells in columns.values() for cell in cells)
    alike = len(columns) == len(value) and len(lengths) == 1 and lengths.pop() > 1
    return columns if alike and plain else {}


def _counted(cells: object) -> bool:
    """Return whether an object is a column whose cells have numbers, as pandas writes a table."""
    return isinstance(cells, dict) and bool(cells) and all(str(key).isdigit() for key in cells)


def _cells(column: object) -> list[object]:
    return list(column.values()) if isinstance(column, dict) else column if isinstance(column, list) else []


def _by_line(head: bytes, name: str) -> bool:
    """Return whether every line is a row of its own."""
    start = head.lstrip()
    line, newline, rest = start.partition(b"\n")
    line, after = line.strip(), rest.lstrip()
    if start[:1] == b"[":
        found = _parsed(line) if newline and after[:1] in (b"[", b"{", b"") else None
        return isinstance(found, list) and (bool(after) or _is_conversation(found))
    if start[:1] != b"{":
        if after[:1] in (b"{", b"[") or name.endswith(("jsonl", "ndjson")):
            return True  # a stray first line; it will be a row with an error
        raise InputError(
            f"{name} is neither JSON, CSV, Parquet nor Arrow", "name data files, or give them their usual suffix"
        )
    value = _parsed(line) if newline else None
    whole = isinstance(value, dict)
    if whole and after[:1] == b"{":
        return True  # even where a column is called "examples": its list belongs to the row
    if whole and not after and json_keyed.holds_rows(value):
        return False
    if not newline or json_stream.WRAPPER.match(start[:HEAD].decode("utf-8", "replace")):
        return False
    return whole or (after[:1] == b"{" and line[-1:] not in b"{[,:")


def _is_conversation(row: list[object]) -> bool:
    """Return whether a list, the only line of its file, is a row of turns: its elements alone say nothing."""
    said = [
        {"role", "from"} & turn.keys() and {"content", "value"} & turn.keys() for turn in row if isinstance(turn, dict)
    ]
    return len(said) == len(row) > 0 and all(said)


def _parsed(line: bytes) -> object:
    try:
        return loads(line)
    except (orjson.JSONDecodeError, RecursionError):
        return next((raw.value for raw in _repaired(0, line)), None)


def _lines(blocks: Iterable[bytes], most: int) -> Iterator[Raw]:
    for number, line in enumerate(_split(blocks, most), start=1):
        stripped = line.strip()
        if len(stripped) > most:
            yield too_long(number, stripped, most)
            continue
        if not stripped:
            continue
        try:
            value = loads(stripped)
        except (orjson.JSONDecodeError, RecursionError):
            yield from _repaired(number, stripped)
            continue
        yield _row(number, stripped, value)


def _split(blocks: Iterable[bytes], most: int) -> Iterator[bytes]:
    """Yield lines without their ends. Of a line of more than ``most`` bytes what is held at that point is yielded: more too."""
    begun: list[bytes] = []  # pieces of a line whose end has not come yet
    held = 0
    for block in blocks:
        first, *lines = block.split(b"\n")
        if held <= most:
            begun.append(first)
            held += len(first)
        if lines:
            yield b"".join(begun)
            yield from lines[:-1]
            begun, held = [lines[-1]], len(lines[-1])
    if held:
        yield b"".join(begun)


def _row(line: int, raw: bytes, value: object, note: str = "") -> Raw:
    if isinstance(value, dict | list):
        if raw.count(b"[") + raw.count(b"{") > DEEPEST and is_deep(value):
            return Raw(line, raw, None, DEEP)
        return Raw(line, raw, value, note=note)
    shown = json.dumps(value[:40] if isinstance(value, str) else value)[:40]
    return Raw(line, raw, None, f"a row must be an object, this is {shown}")


def _repaired(number: int, line: bytes) -> Iterator[Raw]:
    """Yield the rows of a line that strict JSON refuses: NaN, lone surrogates, bad UTF-8, commas, several objects."""
    text = line.decode("utf-8", "surrogateescape")
    try:
        found: Iterable[tuple[int, int, object]] = list(itertools.islice(_values(text), 2))
        if len(list(found)) > 1:
            for _ in _values(text):  # all of it, or nothing; and never all rows at once in memory
                pass
            found = _values(text)
        for at, end, value in found:
            yield _cleaned(number, text[at:end], value)
    except json.JSONDecodeError as wrong:
        yield Raw(number, line, None, f"not JSON: {wrong.msg.lower()} at character {wrong.pos + 1}")
    except RecursionError:
        yield Raw(number, line, None, DEEP)


def _values(text: str) -> Iterator[tuple[int, int, object]]:
    """Yield start, end and value of every JSON value in a text, commas and white space between them."""
    at = BETWEEN.match(text, 0)
    while at is not None and at.end() < len(text):
        value, end = DECODER.raw_decode(text, at.end())
        yield at.end(), end, value
        at = BETWEEN.match(text, end)


def _from_text(element: json_stream.Element, most: int) -> Raw:
    if element.error == json_stream.TOO_LONG:
        return too_long(element.number, element.text.encode("utf-8", "surrogateescape"), most)
    if element.error is not None:
        return Raw(element.number, element.text.encode("utf-8", "surrogateescape"), None, element.error)
    if element.key:
        return _identified(_cleaned(element.number, element.text, element.value), element.key)
    return _cleaned(element.number, element.text, element.value)


def _identified(row: Raw, key: str) -> Raw:
    """Return the row with the id that it has in its file, where it names none itself; a list of turns as messages."""
    head = b'"id": ' + json.dumps(key).encode() + b", "
    if isinstance(row.value, list):
        raw = b"{" + head + b'"messages": ' + row.raw + b"}"
        return replace(row, raw=raw, value={"id": key, "messages": row.value})
    if row.value is None or any(name in row.value for name in IDS):
        return row
    raw = b"{" + (head if row.value else head[:-2]) + row.raw.lstrip()[1:].lstrip()
    return replace(row, raw=raw, value={"id": key, **row.value})


def _cleaned(number: int, text: str, value: object) -> Raw:
    """Return the row with every lone surrogate and undecodable byte replaced; its raw bytes stay as they are."""
    raw = text.encode("utf-8", "surrogateescape")
    try:
        if ("\\u" in text or not text.isascii()) and is_broken(value):
            return _row(number, raw, mended(value), REPLACED)
    except RecursionError:
        return Raw(number, raw, None, DEEP)
    return _row(number, raw, value)
