"""What a chosen row is written as: one rendering per format that trainers read."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cuvee.samples.dialects.cells import MEDIA, dumps, opened
from cuvee.samples.json_rows import json_rows

Row = Mapping[str, Any]  # one row of a table with the schema SAMPLE, as ``to_pylist`` gives it
CALLS = ("tool_calls", "function_call")  # the keys under which a turn calls tools


@dataclass(frozen=True)
class Format:
    """A shape of rows.

    render: a row -> what is written (``write`` copies the raw row instead where it can, for ``same``). unfit: a row -> why
    this format cannot hold it, None where it can. lost: a row -> the names of what the format has no place for, though the
    conversation itself fits. flat: a plainer rendering, used where it holds every row of a file; ``flat_fits`` tells for one.
    """

    name: str
    summary: str
    render: Callable[[Row], dict[str, Any]]
    unfit: Callable[[Row], str | None] = lambda row: None
    lost: Callable[[Row], set[str]] = lambda row: set()
    flat: Callable[[Row], dict[str, Any]] | None = None
    flat_fits: Callable[[Row], bool] = lambda row: False


def turns(row: Row) -> list[dict[str, Any]]:
    """Return the row's messages as dicts with role, content, then the other keys as they were.

    The content is the list of parts where some part is no text.
    """
    return [_turn(turn) for turn in row["messages"]]


def _turn(turn: Row) -> dict[str, Any]:
    rest, content = extra(turn), turn["content"]
    if _has_media(rest):
        content = rest.pop("parts", content)
    return {"role": turn["role"], "content": content, **{k: v for k, v in rest.items() if k not in ("role", "content")}}


def extra(turn: Row) -> dict[str, Any]:
    """Return the turn's other keys with their values, parsed from the column ``extra``."""
    # not orjson: it makes floats of integers beyond 64 bits
    found: dict[str, Any] = json.loads(turn["extra"]) if turn.get("extra") else {}
    return found


def _has_media(rest: Mapping[str, Any]) -> bool:
    parts = rest.get("parts")
    return isinstance(parts, list) and any(isinstance(part, dict) and part.get("type") != "text" for part in parts)


def _media(row: Row) -> bool:
    return any(_has_media(rest) or any(key in rest for key in MEDIA) for rest in map(extra, row["messages"]))


def _tools(row: Row) -> Any:
    """Return the tool definitions as a list, also where the row had them as JSON text."""
    return opened(row["tools"]) or None


def _around(row: Row, body: dict[str, Any]) -> dict[str, Any]:
    """Return id, the body, then source, task and license; a key whose value is null is left out."""
    whole = {"id": row["id"], **body, **{key: row[key] for key in ("source", "task", "license")}}
    return {key: value for key, value in whole.items() if value is not None}


def _messages(row: Row) -> dict[str, Any]:
    return _around(row, {"messages": turns(row), "tools": _tools(row)})


FROM = {"system": "system", "user": "human", "assistant": "gpt", "tool": "observation"}


def _sharegpt(row: Row) -> dict[str, Any]:
    tools = _tools(row)
    said = tools if isinstance(tools, str) or tools is None else dumps(tools)
    return _around(row, {"conversations": [_value(turn) for turn in turns(row)], "tools": said})


def _value(turn: dict[str, Any]) -> dict[str, Any]:
    """Return a ShareGPT turn; a call is ``{"name", "arguments"}`` as JSON text, several calls a list of them."""
    rest = {key: value for key, value in turn.items() if key not in ("role", "content", "from", "value", *CALLS)}
    calls = _calls(turn)
    if calls:
        return {"from": "function_call", "value": dumps(calls[0] if len(calls) == 1 else calls), **rest}
    return {"from": FROM[turn["role"]], "value": turn["content"] or "", **rest}


def _calls(turn: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the turn's calls as name and arguments, the arguments parsed where they are JSON text."""
    found = [call.get("function", call) for call in turn.get("tool_calls") or []]
    found += [turn["function_call"]] if turn.get("function_call") else []
    return [{"name": call["name"], "arguments": opened(call.get("arguments"))} for call in found]


def _sharegpt_unfit(row: Row) -> str | None:
    if any(_has_media(extra(turn)) for turn in row["messages"]):
        return "hold images or other media"
    for turn in row["messages"]:
        if not calls_tools(turn):
            continue
        if turn["content"]:
            return "have a turn with text and tool calls at once"
        try:
            _calls(extra(turn))
        except (AttributeError, KeyError, TypeError):
            return "have tool calls that are not objects with a name"
    return None


def calls_tools(turn: Row) -> bool:
    """Tell whether the turn (of the table) calls a tool."""
    return bool(turn["extra"]) and any(extra(turn).get(key) for key in CALLS)


def _alpaca(row: Row) -> dict[str, Any]:
    said = [turn["content"] or "" for turn in row["messages"]]
    system = said.pop(0) if row["messages"][0]["role"] == "system" else ""
    history = [[said[at], said[at + 1]] for at in range(0, len(said) - 2, 2)]
    last = {"instruction": said[-2], "input": "", "output": said[-1]}
    return _around(row, {**last, "system": system, "history": history})


def _alpaca_unfit(row: Row) -> str | None:
    if any(turn["role"] == "tool" or calls_tools(turn) for turn in row["messages"]):
        return "call tools"
    if _media(row):
        return "hold images or other media"
    roles = [turn["role"] for turn in row["messages"]]
    body = roles[1:] if roles[:1] == ["system"] else roles
    by_turns = bool(body) and body == ["user", "assistant"] * (len(body) // 2)
    return None if by_turns else "are not user and assistant by turns"


def _no_place(row: Row) -> set[str]:
    """Return the keys of turns, and ``tools``, that a format of plain strings leaves out."""
    named = {key for turn in row["messages"] for key in extra(turn)}
    return named | ({"tools"} if row["tools"] else set())


def _prompt_completion(row: Row) -> dict[str, Any]:
    said = turns(row)
    return _around(row, {"prompt": said[:-1], "completion": said[-1:], "tools": _tools(row)})


def _strings(row: Row) -> dict[str, Any]:
    asked, answered = row["messages"]
    return _around(row, {"prompt": asked["content"] or "", "completion": answered["content"] or ""})


def _one_exchange(row: Row) -> bool:
    return [t["role"] for t in row["messages"]] == ["user", "assistant"] and not _no_place(row)


def _no_last_answer(row: Row) -> str | None:
    roles = [turn["role"] for turn in row["messages"]]
    return None if len(roles) > 1 and roles[-1] == "assistant" else "do not end in an answer to something"


def _same(row: Row) -> dict[str, Any]:
    """Return the raw row as the reader understood it; a bare list of turns as ``messages``."""
    value = next(json_rows([b"[" + row["raw"] + b"]"], "raw.json")).value
    return value if isinstance(value, dict) else {"messages": value}


def _no_raw(row: Row) -> str | None:
    return None if row["raw"] else "were made, not read, so there is no raw row"


_MEMBERS = (
    Format("same", "each row as it was read, byte for byte", _same, _no_raw),
    Format("messages", "OpenAI chat: messages of role and content, tools; for every trainer", _messages),
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
