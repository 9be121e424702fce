"""A sample: one row of an Arrow table, whatever dialect it came in."""

from dataclasses import dataclass, field
from typing import TypedDict

import pyarrow as pa

TURN = pa.struct([("role", pa.string()), ("content", pa.string()), ("extra", pa.string())])

SAMPLE = pa.schema(
    [
        ("id", pa.string()),  # the user's id, else the content hash; made unique by "~2", "~3", ... where ids repeat
        ("source", pa.string()),  # the row's own source or dataset column, else the file's stem
        ("task", pa.string()),  # null where the row names none
        ("license", pa.string()),
        ("file", pa.string()),
        ("line", pa.int64()),  # 1-based: line of a JSONL file, element of a JSON array, row of a table
        ("dialect", pa.string()),
        ("messages", pa.list_(TURN)),  # extra: the turn's other keys as JSON text, null where there are none
        ("tools", pa.string()),  # JSON text
        ("raw", pa.binary()),  # the row as read, byte for byte
        ("fingerprint", pa.binary(16)),  # hash of the normalised content
        ("rejected", pa.list_(TURN)),  # of a preference pair the conversation with the other answer, else null
        ("margin", pa.float64()),  # of a pair: the chosen answer's score minus the other's, null where none is told
        ("along", pa.string()),  # JSON text of the row's other columns, null where there are none
        (
            "stripped",
            pa.string(),
        ),  # end marks of chat templates that were taken off its answers, null where there were none
        ("parents", pa.list_(pa.string())),  # ids of the rows this one was made from; empty for a row that was read
    ]
)


class TurnRow(TypedDict):
    """A turn of a table's row. ``extra``: JSON text, or null."""

    role: str
    content: str | None
    extra: str | None


class SampleRow(TypedDict, total=False):
    """A row of a table of samples, as ``to_pylist`` gives it: of its columns, those that were asked for."""

    id: str
    source: str
    task: str | None
    license: str | None
    messages: list[TurnRow]
    tools: str | None
    raw: bytes
    file: str
    line: int
    rejected: list[TurnRow] | None
    along: str | None
    stripped: str | None


@dataclass(frozen=True, slots=True)
class Turn:
    """One message. ``role`` is system, user, assistant or tool; ``content`` is None beside tool calls.

    ``extra`` holds what else the message had (tool_calls, name, tool_call_id, weight, reasoning_content, parts, ...),
    with the values as parsed.
    """

    role: str
    content: str | None
    extra: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """What a dialect makes of a raw row: the conversation, and the columns that travel with it."""

    messages: tuple[Turn, ...]
    id: str | None = None
    source: str | None = None
    task: str | None = None
    license: str | None = None
    tools: object = None  # as parsed: a list of tool definitions, or the JSON string the row had
    rejected: tuple[Turn, ...] = ()  # a whole conversation, with the answer that was not chosen
    margin: float | None = None
