"""Where a written file keeps its conversations: what a trainer's configuration must name."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pyarrow.parquet as pq

from cuvee.samples import containers

UNLIMITED = sys.maxsize  # what was chosen was read, and may be a little longer than it was
ASKED = ("instruction", "prompt", "question", "problem", "query", "inputs")
GIVEN = ("input", "context", "query")
ANSWERED = ("output", "response", "completion", "solution", "answer", "targets")
SYSTEM = ("system", "system_prompt")
SAID_BY = {  # the names that speakers go by, the usual one first
    "user": ("user", "human"),
    "assistant": ("assistant", "gpt", "model", "chatgpt", "bot"),
    "system": ("system", "developer"),
    "observation": ("tool", "observation", "function_response", "ipython"),
    "function": ("function_call", "function"),
}


@dataclass(frozen=True)
class Turns:
    """Conversations as lists. ``speakers``: user, assistant, system, observation, function -> the name in the file.

    system, tools: the columns beside the conversations, None where there are none. calls: does a turn have tool_calls?
    uneven: do turns differ in their keys?
    """

    column: str
    role: str
    content: str
    speakers: Mapping[str, str]
    system: str | None
    tools: str | None
    calls: bool
    uneven: bool


@dataclass(frozen=True)
class Exchange:
    """One question and one answer per row, each a column of strings; the other columns may be absent (None)."""

    asked: str
    answered: str
    given: str | None
    system: str | None
    history: str | None  # only where some row has one


@dataclass(frozen=True)
class Split:
    """TRL's conversational prompt and completion: two columns, each a list of messages."""

    tools: str | None


Layout = Turns | Exchange | Split


def layout(path: Path) -> Layout | None:
    """Return the layout of a JSONL, JSON or Parquet file, None where no row is there or its columns are not known."""
    rows = read_rows(path)
    first = next(rows, None)
    if first is None:
        return None
    for column in ("messages", "conversations"):
        if _is_turns(first.get(column)):
            return _turns(column, first, rows)
    if _is_turns(first.get("prompt")) and _is_turns(first.get("completion")):
        return Split("tools" if "tools" in first else None)
    return _exchange(first, rows)


def read_rows(path: Path) -> Iterator[dict[str, object]]:
    """Yield the rows of a JSONL, JSON or Parquet file that ``write`` made; a bare list of turns is no dict: skipped.

    They are read as every other input is: what could be read once can be read again.
    """
    if path.suffix == ".parquet":
        yield from (row for batch in pq.ParquetFile(path).iter_batches() for row in batch.to_pylist())
    else:
        found = (raw.value for raw in containers.rows(path, UNLIMITED))
        yield from (row for row in found if isinstance(row, dict))


def _is_turns(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _said(cell: object) -> list[dict[str, object]]:
    """Return the turns of a cell; what is no object counts as a turn that nobody says."""
    if isinstance(cell, list):
        return [turn if isinstance(turn, dict) else {} for turn in cell]
    return [{}] if cell else []


def _turns(column: str, first: dict[str, object], rest: Iterable[dict[str, object]]) -> Turns | None:
    keys = _said(first[column])[0].keys()
    role = next((key for key in ("role", "from") if key in keys), None)
    content = next((key for key in ("content", "value") if key in keys), None)
    if role is None or content is None:
        return None
    names: set[object] = set()
    beside, calls, uneven = set(first), False, False
    for row in chain([first], rest):
        beside.update(row)
        for turn in _said(row.get(column)):
            names.add(name if isinstance(name := turn.get(role), str) else None)
            calls = calls or bool(turn.get("tool_calls"))
            uneven = uneven or turn.keys() != keys
    speakers = _speakers(names, 0 if role == "role" else 1)
    if speakers is None:
        return None
    system = next((key for key in SYSTEM if key in beside), None)
    return Turns(column, role, content, speakers, system, "tools" if "tools" in beside else None, calls, uneven)


def _speakers(names: set[object], usual: int) -> dict[str, str] | None:
    """Return who has which name, None where a speaker has two names or a name is nobody's: trainers take one each."""
    used = {who: [name for name in known if name in names] for who, known in SAID_BY.items()}
    if any(len(found) > 1 for found in used.values()) or names - {name for found in used.values() for name in found}:
        return None
    return {who: (used[who] or [known[min(usual, len(known) - 1)]])[0] for who, known in SAID_BY.items()}


def _exchange(first: dict[str, object], rest: Iterable[dict[str, object]]) -> Exchange | None:
    asked, answered = (next((key for key in known if key in first), None) for known in (ASKED, ANSWERED))
    if asked is None or answered is None or not isinstance(first[asked], str) or not isinstance(first[answered], str):
        return None
    given, system, history = None, None, None
    for row in chain([first], rest):
        given = given or next((key for key in GIVEN if key in row and key != asked), None)
        system = system or next((key for key in SYSTEM if key in row), None)
        history = history or ("history" if row.get("history") else None)
    return Exchange(asked, answered, given, system, history)
