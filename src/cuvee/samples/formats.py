"""What a chosen row is written as: one rendering per format that trainers read."""

from collections.abc import Callable
from dataclasses import dataclass

from cuvee.loose_json import dumps, loads, loosely
from cuvee.samples import special
from cuvee.samples.dialects.cells import MEDIA, opened
from cuvee.samples.raw import Row
from cuvee.samples.schema import SampleRow, TurnRow

CALLS = ("tool_calls", "function_call")  # the keys under which a turn calls tools


@dataclass(frozen=True)
class Format:
    """A shape of rows.

    render: a row -> what is written (``write`` copies the raw row instead where it can, for ``same``). unfit: a row -> why
    this format cannot hold it, None where it can. lost: a row -> the names of what the format has no place for, though the
    conversation itself fits. flat: a plainer rendering, used where it holds every row of a file; ``flat_fits`` tells for one.
    holds_all: whether it holds every row that was read.
    """

    name: str
    summary: str
    render: Callable[[SampleRow], dict[str, object]]
    unfit: Callable[[SampleRow], str | None] = lambda row: None
    lost: Callable[[SampleRow], set[str]] = lambda row: set()
    flat: Callable[[SampleRow], dict[str, object]] | None = None
    flat_fits: Callable[[SampleRow], bool] = lambda row: False
    holds_all: bool = False


def turns(row: SampleRow) -> list[dict[str, object]]:
    """Return the row's messages as dicts with role, content, then the other keys as they were.

    The content is the list of parts where some part is no text.
    """
    return [_turn(turn) for turn in row["messages"]]


def _turn(turn: TurnRow) -> dict[str, object]:
    rest, content = extra(turn), turn["content"]
    said = rest.pop("parts", content) if _has_media(rest) else content
    return {"role": turn["role"], "content": said, **{k: v for k, v in rest.items() if k not in ("role", "content")}}


def extra(turn: TurnRow) -> dict[str, object]:
    """Return the turn's other keys with their values, parsed from the column ``extra``."""
    found = loads(turn["extra"]) if turn["extra"] else {}
    return found if isinstance(found, dict) else {}


def _has_media(rest: Row) -> bool:
    parts = rest.get("parts")
    return isinstance(parts, list) and any(isinstance(part, dict) and part.get("type") != "text" for part in parts)


def _media(row: SampleRow) -> bool:
    return any(_has_media(rest) or any(key in rest for key in MEDIA) for rest in map(extra, row["messages"]))


def _tools(row: SampleRow) -> object:
    """Return the tool definitions as a list, also where the row had them as JSON text."""
    return opened(row["tools"]) or None


def _around(row: SampleRow, body: dict[str, object]) -> dict[str, object]:
    """Return id, the body, then source, task and license; a key whose value is null is left out."""
    whole = {
        "id": row["id"],
        **body,
        "source": row["source"],
        "task": row["task"],
        "license": row["license"],
    }
    return {key: value for key, value in whole.items() if value is not None}


def _messages(row: SampleRow) -> dict[str, object]:
    return _around(row, {"messages": turns(row), "tools": _tools(row)})


FROM = {"system": "system", "user": "human", "assistant": "gpt", "tool": "observation"}


def _sharegpt(row: SampleRow) -> dict[str, object]:
    tools = _tools(row)
    said = tools if isinstance(tools, str) or tools is None else dumps(tools)
    return _around(row, {"conversations": [_value(turn) for turn in row["messages"]], "tools": said})


def _value(turn: TurnRow) -> dict[str, object]:
    """Return a ShareGPT turn; a call is ``{"name", "arguments"}`` as JSON text, several calls a list of them."""
    whole = _turn(turn)
    rest = {key: value for key, value in whole.items() if key not in ("role", "content", "from", "value", *CALLS)}
    calls = _calls(whole)
    if calls:
        return {"from": "function_call", "value": dumps(calls[0] if len(calls) == 1 else calls), **rest}
    return {"from": FROM[turn["role"]], "value": whole["content"] or "", **rest}


def _calls(turn: Row) -> list[dict[str, object]] | None:
    """Return the turn's calls as name and arguments, the arguments parsed where they are JSON text.

    None where one of them is no object with a name.
    """
    listed = turn.get("tool_calls") or []
    if not isinstance(listed, list) or not all(isinstance(call, dict) for call in listed):
        return None
    found = [call.get("function", call) for call in listed]
    found += [turn["function_call"]] if turn.get("function_call") else []
    if not all(isinstance(call, dict) and "name" in call for call in found):
        return None
    return [{"name": call["name"], "arguments": opened(call.get("arguments"))} for call in found]


def _sharegpt_unfit(row: SampleRow) -> str | None:
    if any(_has_media(extra(turn)) for turn in row["messages"]):
        return "hold images or other media"
    for turn in row["messages"]:
        if not calls_tools(turn):
            continue
        if turn["content"]:
            return "have a turn with text and tool calls at once"
        if _calls(extra(turn)) is None:
            return "have tool calls that are not objects with a name"
    return None


def calls_tools(turn: TurnRow) -> bool:
    """Tell whether the turn (of the table) calls a tool."""
    return bool(turn["extra"]) and any(extra(turn).get(key) for key in CALLS)


def _alpaca(row: SampleRow) -> dict[str, object]:
    said = [turn["content"] or "" for turn in row["messages"]]
    system = said.pop(0) if row["messages"][0]["role"] == "system" else ""
    history = [[said[at], said[at + 1]] for at in range(0, len(said) - 2, 2)]
    last = {"instruction": said[-2], "input": "", "output": said[-1]}
    return _around(row, {**last, "system": system, "history": history})


def _alpaca_unfit(row: SampleRow) -> str | None:
    if any(turn["role"] == "tool" or calls_tools(turn) for turn in row["messages"]):
        return "call tools"
    if _media(row):
        return "hold images or other media"
    if not any(turn["content"] for turn in row["messages"]):
        return "have no text"
    roles = [turn["role"] for turn in row["messages"]]
    body = roles[1:] if roles[:1] == ["system"] else roles
    by_turns = bool(body) and body == ["user", "assistant"] * (len(body) // 2)
    return None if by_turns else "are not user and assistant by turns"


def _no_place(row: SampleRow) -> set[str]:
    """Return the keys of turns, and ``tools``, that a format of plain strings leaves out."""
    named = {key for turn in row["messages"] for key in extra(turn)}
    return named | ({"tools"} if row["tools"] else set())


def _prompt_completion(row: SampleRow) -> dict[str, object]:
    said = turns(row)
    return _around(row, {"prompt": said[:-1], "completion": said[-1:], "tools": _tools(row)})


def _strings(row: SampleRow) -> dict[str, object]:
    asked, answered = row["messages"]
    return _around(row, {"prompt": asked["content"] or "", "completion": answered["content"] or ""})


def _one_exchange(row: SampleRow) -> bool:
    return [t["role"] for t in row["messages"]] == ["user", "assistant"] and not _no_place(row)


def _no_last_answer(row: SampleRow) -> str | None:
    roles = [turn["role"] for turn in row["messages"]]
    return None if len(roles) > 1 and roles[-1] == "assistant" else "do not end in an answer to something"


def raw(row: SampleRow) -> bytes:
    """Return the raw row; the end marks that were taken off its answers are taken off here too, and nothing else."""
    if not row.get("stripped"):
        return row["raw"]
    spoken = [*row["messages"], *(row["rejected"] or [])]
    return special.without(row["raw"], {turn["content"] or "" for turn in spoken if turn["role"] == "assistant"})


def _same(row: SampleRow) -> dict[str, object]:
    """Return the raw row as the reader understood it; a bare list of turns as ``messages``."""
    value = loosely(raw(row))
    return value if isinstance(value, dict) else {"messages": value}


def _no_raw(row: SampleRow) -> str | None:
    return None if row["raw"] else "were made, not read, so there is no raw row"


_MEMBERS = (
    Format(
        "same",
        "each row as it was read, byte for byte; but for end marks of chat templates at the tail of answers",
        _same,
        _no_raw,
        holds_all=True,
    ),
    Format(
        "messages", "OpenAI chat: messages of role and content, tools; for every trainer", _messages, holds_all=True
    ),
    Format(
        "sharegpt",
        "conversations of from (human, gpt, system, function_call, observation) and value; tools as JSON text",
        _sharegpt,
        _sharegpt_unfit,
    ),
    Format(
        "alpaca",
        "instruction (the last question, with its input), input (empty), output, system, history of earlier exchanges",
        _alpaca,
        _alpaca_unfit,
        _no_place,
    ),
    Format(
        "prompt-completion",
        "TRL's prompt and completion: strings where every row is one question and one answer, else lists of messages",
        _prompt_completion,
        _no_last_answer,
        flat=_strings,
        flat_fits=_one_exchange,
    ),
)

FORMATS: dict[str, Format] = {member.name: member for member in _MEMBERS}
