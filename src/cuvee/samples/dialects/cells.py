"""The cells of a row: text of any type, JSON kept as text, words that mean nothing, and the columns that travel along."""

import ast
import json
import math
import warnings
from collections.abc import Sequence
from dataclasses import replace

import orjson

from cuvee.errors import InputError
from cuvee.loose_json import DECODER, dumps, is_broken, is_deep, loads, mended
from cuvee.samples.dialects.seam import Dialect
from cuvee.samples.raw import IDS, Row
from cuvee.samples.schema import Sample, Turn

NO_INPUT = frozenset({"", "n/a", "none", "<noinput>", "<no input>", "nan", "[]", "null"})  # lower case

SOURCES = ("source", "dataset", "dataset_name", "data_source", "_task_source", "task_source")
TASKS = ("task", "task_name", "_task_name", "category")
LICENSES = ("license", "licence")
SYSTEMS = ("system", "system_prompt", "system_message")
TOOLS = ("tools", "functions")
MEDIA = ("images", "image", "videos", "video", "audios", "audio")
LONGEST_LITERAL = 1 << 18  # characters of a Python literal that is read: one of 1 MB may take its parser ten seconds
FAMILY = {key: family for family in (IDS, SOURCES, TASKS, LICENSES, SYSTEMS, TOOLS) for key in family}
ALONG = frozenset((*IDS, *SOURCES, *TASKS, *LICENSES, *TOOLS, *MEDIA))


def first(row: Row, *keys: str) -> object:
    """Return the first of these cells that is not null, else None."""
    for key in keys:
        if key in row and (value := row[key]) is not None:
            return value
    return None


def held(row: Row, *keys: str) -> bool:
    """Return whether one of these cells is not null."""
    return first(row, *keys) is not None


def known(row: Row, *keys: str) -> bool:
    """Return whether the row has one of these keys, null or not."""
    return any(key in row for key in keys)


def text(value: object) -> str:
    """Return a cell as text: a number, a truth value or an object as its JSON, strings in a list joined by line breaks.

    Null and NaN (how tables write a missing cell) are empty text; Infinity is its name.
    """
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return "\n".join(value)
    return dumps(value)


def asked(*cells: object) -> str:
    """Return an instruction and its inputs as one text, blank lines between; the first cell is kept whatever it is.

    An input that only says that there is none ("N/A", "<noinput>", "[]", ...) is left out.
    """
    told = [text(cells[0]), *(said for said in map(text, cells[1:]) if said.strip().lower() not in NO_INPUT)]
    return "\n\n".join(part for part in told if part.strip()) or told[0]


def opened(value: object) -> object:
    """Return the list or object that a cell holds as JSON text (or as Python writes it), any other value as it is.

    What is nested deeper than a row may be stays text.
    """
    if not isinstance(value, str) or not value.lstrip().startswith(("[", "{")):
        return value
    try:
        found = loads(value)
    except (orjson.JSONDecodeError, RecursionError):
        found = _opened_loosely(value)
    return value if is_deep(found) else found


def _opened_loosely(value: str) -> object:
    for parse in (DECODER.decode, _python):
        try:
            found = parse(value.strip())
            return mended(found) if is_broken(found) else found
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):  # TypeError: {{}} has no hash
            continue
    return value


def _python(text: str) -> object:
    """Return what a Python literal says, as JSON has it: tuples are lists, keys are text."""
    if len(text) > LONGEST_LITERAL:
        raise ValueError("too long")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes that Python does not know
        found = ast.literal_eval(text)
    return DECODER.decode(json.dumps(found))


def with_system(row: Row, turns: Sequence[Turn]) -> list[Turn]:
    """Return the turns after the row's system column; a system turn at their head wins over the column."""
    said = text(first(row, *SYSTEMS))
    if not said.strip() or (turns and turns[0].role == "system"):
        return list(turns)
    return [Turn("system", said), *turns]


def beyond(row: Row, dialect: Dialect) -> dict[str, object]:
    """Return the columns that neither the dialect nor any other reader of rows takes; those that are null are left out."""
    others = [key for key in row if key not in dialect.columns and key not in MEDIA and row[key] is not None]
    return {key: row[key] for key in others if not _taken(row, key, dialect)} if others else {}


def _taken(row: Row, key: str, dialect: Dialect) -> bool:
    families = [FAMILY[key]] if key in FAMILY else [family for family in dialect.either if key in family]
    return any(first_of(row, family) == key for family in families)


def first_of(row: Row, family: Sequence[str]) -> str | None:
    """Return which of these columns is the first that is not null, None where all are."""
    for key in family:
        if row.get(key) is not None:
            return key
    return None


def sample(row: Row, turns: Sequence[Turn]) -> Sample:
    """Return the sample of a row and its turns, with the columns that travel along. Raises InputError without any text."""
    if not any(turn.content and not turn.content.isspace() for turn in turns) and not any(turn.extra for turn in turns):
        raise InputError("there is no text in it")
    if ALONG.isdisjoint(row):  # most rows of most files
        return Sample(tuple(turns))
    tools = first(row, *TOOLS)
    return Sample(
        messages=_with_media(row, turns),
        id=_label(row, IDS),
        source=_label(row, SOURCES),
        task=_label(row, TASKS),
        license=_label(row, LICENSES),
        tools=None if tools in ("", "[]", [], {}) else tools,
    )


def _label(row: Row, keys: Sequence[str]) -> str | None:
    value = first(row, *keys)
    if isinstance(value, str):
        return value or None
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # tables turn whole numbers with gaps into floats
    return text(value) or None


def _with_media(row: Row, turns: Sequence[Turn]) -> tuple[Turn, ...]:
    media = {key: row[key] for key in MEDIA if row.get(key)}
    users = [at for at, turn in enumerate(turns) if turn.role == "user"] if media else []
    if not users:
        return tuple(turns)
    at = users[0]
    return (*turns[:at], replace(turns[at], extra={**turns[at].extra, **media}), *turns[at + 1 :])
