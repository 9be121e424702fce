"""Where a written file keeps its conversations: what a trainer's configuration must name."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pyarrow.parquet as pq

from cuvee.samples import containers
from cuvee.samples.media import MARKS
from cuvee.samples.media_check import MediaCheck

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
    uneven: do turns differ in their keys? media: images, videos, audios -> their column. strange: why LLaMA-Factory cannot
    take these turns, "" where it can.
    """

    column: str
    role: str
    content: str
    speakers: Mapping[str, str]
    system: str | None
    tools: str | None
    calls: bool
    uneven: bool
    media: Mapping[str, str]
    strange: str


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


@dataclass(frozen=True)
class Pairs:
    """Two answers to a prompt, or an answer with a label: TRL's preference data.

    prompt: the column of the prompt. strings: are prompt and answers text, or lists of messages? labelled: is it one answer
    with a label? system: the column beside a text prompt. media: as in ``Turns``. calls: does a turn have tool_calls?
    """

    prompt: str
    strings: bool
    labelled: bool
    system: str | None
    tools: bool
    media: Mapping[str, str]
    calls: bool


Layout = Turns | Exchange | Split | Pairs


def layout(path: Path) -> Layout | None:
    """Return the layout of a JSONL, JSON or Parquet file, None where no row is there or its columns are not known."""
    rows = read_rows(path)
    first = next(rows, None)
    if first is None:
        return None
    if "chosen" in first or ("label" in first and _is_turns(first.get("completion"))):
        return _pairs(first, rows)
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
    beside, calls, uneven, shown = set(first), False, False, MediaCheck(content)
    for row in chain([first], rest):
        beside.update(row)
        shown.add(row, _said(row.get(column)))
        for turn in _said(row.get(column)):
            names.add(name if isinstance(name := turn.get(role), str) else None)
            calls = calls or bool(turn.get("tool_calls"))
            uneven = uneven or turn.keys() != keys
    speakers = _speakers(names, 0 if role == "role" else 1)
    if speakers is None:
        return None
    system = next((key for key in SYSTEM if key in beside), None)
    return Turns(
        column, role, content, speakers, system, "tools" if "tools" in beside else None, calls, uneven, *shown.told()
    )


def _pairs(first: dict[str, object], rest: Iterable[dict[str, object]]) -> Pairs | None:
    """Return the layout of preference data; None where its cells are neither all text nor all lists of messages."""
    labelled = "chosen" not in first
    answers = ("completion",) if labelled else ("chosen", "rejected")
    prompt = next((key for key in ("prompt", "question", "instruction", "query") if key in first), "")
    kinds, beside, calls = set(), set(first), False
    for row in chain([first], rest):
        beside.update(row)
        kinds |= {"turns" if _is_turns(row.get(key)) else type(row.get(key)).__name__ for key in (prompt, *answers)}
        calls = calls or any(turn.get("tool_calls") for turn in _said(row.get(prompt)))
    strings = kinds == {"str"} and not labelled and "input" not in beside
    if not strings and kinds != {"turns"}:
        return None
    system = next((key for key in SYSTEM if key in beside), None)
    media = {name: name for name in MARKS if name in beside}
    return Pairs(prompt, strings, labelled, system, "tools" in beside, media, calls)


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
