"""Conversations: a list of turns in one column, or as the row itself."""

from collections.abc import Callable, Mapping

from cuvee.errors import InputError
from cuvee.samples.dialects.cells import first, known, opened, sample, text, with_system
from cuvee.samples.dialects.marked import marked
from cuvee.samples.dialects.seam import Dialect
from cuvee.samples.dialects.turns import turns
from cuvee.samples.raw import Row
from cuvee.samples.schema import Sample, Turn

CONVERSATIONS = ("conversations", "conversation")


def _detects(*keys: str) -> Callable[[object], bool]:
    return lambda row: isinstance(row, Mapping) and isinstance(first(row, *keys), list | str)


def _parser(*keys: str) -> Callable[[Row], list[Sample]]:
    def parse(row: Row) -> list[Sample]:
        key = next((key for key in keys if row.get(key) is not None), keys[0])
        if key not in row:
            raise InputError(f"it has no {' or '.join(keys)}; its keys are {', '.join(map(str, row))}")
        cell = row[key]
        spoken = marked(cell) if isinstance(cell, str) and not isinstance(opened(cell), list) else None
        return [sample(row, with_system(row, turns(cell, key) if spoken is None else spoken))]

    return parse


def _is_tulu(row: Row) -> bool:
    return isinstance(row.get("messages"), list | str) and known(row, "source", "dataset")


def _is_bare(row: object) -> bool:
    return isinstance(row, list)


def _bare(row: object) -> list[Sample]:
    return [sample({}, turns(row, "the row"))]


def _segments(row: Row) -> list[Sample]:
    """Segments that are learned (label true) are the assistant's, the others the user's; their text is kept as it stands."""
    parts = opened(row.get("segments"))
    if not isinstance(parts, list) or not all(isinstance(part, Mapping) and "text" in part for part in parts):
        raise InputError("segments is not a list of {label, text} objects")
    said = [Turn("assistant" if part.get("label") else "user", text(part["text"])) for part in parts]
    return [sample(row, with_system(row, said))]


MESSAGES = Dialect(
    "messages",
    "messages: [{role, content}] with tools and tool calls (the OpenAI form)",
    _detects("messages"),
    _parser("messages"),
    {
        "messages": [
            {"role": "developer", "content": "Use the tools."},
            {"role": "user", "content": [{"type": "text", "text": "How warm is Lyon?"}]},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "warmth", "arguments": '{"city": "Lyon"}'}}
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "name": "warmth", "content": "21"},
            {"role": "assistant", "content": "21 degrees.", "weight": 1},
        ],
        "tools": [{"type": "function", "function": {"name": "warmth", "parameters": {"type": "object"}}}],
    },
    columns=frozenset({"messages"}),
)
TULU = Dialect(
    "tulu",
    "messages, with id and source or dataset",
    _is_tulu,
    _parser("messages"),
    {
        "id": "t1",
        "messages": [{"role": "user", "content": "Say hello."}, {"role": "assistant", "content": "Hello!"}],
        "source": "greetings",
    },
    columns=frozenset({"messages"}),
)
SHAREGPT = Dialect(
    "sharegpt",
    "conversations: [{from, value}] with system and tools, or {human, assistant} pairs",
    _detects(*CONVERSATIONS),
    _parser(*CONVERSATIONS),
    {
        "conversations": [
            {"from": "human", "value": "What time is it in Oslo?"},
            {"from": "function_call", "value": '{"name": "clock", "arguments": {"city": "Oslo"}}'},
            {"from": "observation", "value": '{"time": "12:30"}'},
            {"from": "gpt", "value": "Half past twelve."},
        ],
        "system": "You know the time.",
        "tools": '[{"name": "clock", "description": "tells the time", "parameters": {}}]',
    },
    either=(CONVERSATIONS,),
)
SEGMENTS = Dialect(
    "segments",
    "segments: [{label, text}], already in a prompt format",
    _detects("segments"),
    _segments,
    {"segments": [{"label": False, "text": "<s>Hi\n"}, {"label": True, "text": "Hello there.</s>"}]},
    columns=frozenset({"segments"}),
    verbatim=True,
)
TURNS = Dialect(
    "turns",
    "the row is a bare list of turns",
    _is_bare,
    _bare,
    [{"from": "human", "value": "Ping?"}, {"from": "gpt", "value": "Pong."}],
)
