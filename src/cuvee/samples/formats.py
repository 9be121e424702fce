"""What a chosen row is written as: one rendering per format that trainers read."""

from collections.abc import Callable
from dataclasses import dataclass

from cuvee.loose_json import dumps, loosely
from cuvee.samples.dialects.cells import opened
from cuvee.samples.media import extra, media
from cuvee.samples.preferences import labelled, left_out, no_label, no_pair, pair
from cuvee.samples.raw import Row
from cuvee.samples.rendering import CALLS, around, calls_tools, misplaced, raw, tools_of, tools_text, turns
from cuvee.samples.schema import SampleRow


@dataclass(frozen=True)
class Format:
    """A shape of rows.

    render: a row -> what is written (``write`` copies the raw row instead where it can, for ``same``). unfit: a row -> why
    this format cannot hold it, None where it can. lost: a row -> the names of what the format has no place for, though the
    conversation itself fits. flat: a plainer rendering, used where it holds every row of a file; ``flat_fits`` tells for one.
    holds_all: whether it holds every row that was read. several: for a format that makes more than one row of one.
    """

    name: str
    summary: str
    render: Callable[[SampleRow], dict[str, object]]
    unfit: Callable[[SampleRow], str | None] = lambda row: None
    lost: Callable[[SampleRow], set[str]] = lambda row: set()
    flat: Callable[[SampleRow], dict[str, object]] | None = None
    flat_fits: Callable[[SampleRow], bool] = lambda row: False
    holds_all: bool = False
    several: Callable[[SampleRow], list[dict[str, object]]] | None = None

    def rows(self, row: SampleRow, *, flat: bool) -> list[dict[str, object]]:
        """Return what is written for a row. flat: in the plainer rendering."""
        if self.several:
            return self.several(row)
        return [self.flat(row) if flat and self.flat else self.render(row)]


def _messages(row: SampleRow) -> dict[str, object]:
    return around(row, {"messages": turns(row), "tools": tools_of(row)})


FROM = {"system": "system", "user": "human", "assistant": "gpt", "tool": "observation"}


def _sharegpt(row: SampleRow) -> dict[str, object]:
    return around(row, {"conversations": [_value(turn) for turn in turns(row)], "tools": tools_text(row)})


def _value(whole: dict[str, object]) -> dict[str, object]:
    """Return a ShareGPT turn; a call is ``{"name", "arguments"}`` as JSON text, several calls a list of them."""
    rest = {key: value for key, value in whole.items() if key not in ("role", "content", "from", "value", *CALLS)}
    calls = _calls(whole)
    if calls:
        return {"from": "function_call", "value": dumps(calls[0] if len(calls) == 1 else calls), **rest}
    return {"from": FROM[str(whole["role"])], "value": whole["content"] or "", **rest}


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
    if wrong := misplaced(row):
        return wrong
    for turn in row["messages"]:
        if not calls_tools(turn):
            continue
        if turn["content"]:
            return "have a turn with text and tool calls at once"
        if _calls(extra(turn)) is None:
            return "have tool calls that are not objects with a name"
    return None


def _alpaca(row: SampleRow) -> dict[str, object]:
    said = [turn["content"] or "" for turn in row["messages"]]
    system = said.pop(0) if row["messages"][0]["role"] == "system" else ""
    history = [[said[at], said[at + 1]] for at in range(0, len(said) - 2, 2)]
    last = {"instruction": said[-2], "input": "", "output": said[-1]}
    return around(row, {**last, "system": system, "history": history})


def _alpaca_unfit(row: SampleRow) -> str | None:
    if any(turn["role"] == "tool" or calls_tools(turn) for turn in row["messages"]):
        return "call tools"
    if media(row):
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
    return named | ({"tools"} if row["tools"] else set()) | left_out(row)


def _prompt_completion(row: SampleRow) -> dict[str, object]:
    said = turns(row)
    return around(row, {"prompt": said[:-1], "completion": said[-1:], "tools": tools_of(row)})


def _strings(row: SampleRow) -> dict[str, object]:
    asked, answered = row["messages"]
    return around(row, {"prompt": asked["content"] or "", "completion": answered["content"] or ""})


def _one_exchange(row: SampleRow) -> bool:
    return [t["role"] for t in row["messages"]] == ["user", "assistant"] and not _no_place(row)


def _no_last_answer(row: SampleRow) -> str | None:
    roles = [turn["role"] for turn in row["messages"]]
    return None if len(roles) > 1 and roles[-1] == "assistant" else "do not end in an answer to something"


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
        "messages",
        "OpenAI chat: messages of role and content, tools; for every trainer",
        _messages,
        lost=left_out,
        holds_all=True,
    ),
    Format(
        "sharegpt",
        "conversations of from (human, gpt, system, function_call, observation) and value; tools as JSON text",
        _sharegpt,
        _sharegpt_unfit,
        left_out,
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
        left_out,
        flat=_strings,
        flat_fits=_one_exchange,
    ),
    Format("dpo", "preference pairs: prompt, chosen, rejected, each a list of messages", pair, no_pair),
    Format(
        "kto",
        "an answer a row: prompt and completion, each a list of messages, and label (true for the chosen one)",
        lambda row: labelled(row)[0],
        no_label,
        several=labelled,
    ),
)

FORMATS: dict[str, Format] = {member.name: member for member in _MEMBERS}
