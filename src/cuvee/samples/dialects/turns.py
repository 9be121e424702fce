"""The turns of a conversation, in every spelling that data sets have for them."""

from collections.abc import Mapping, Sequence

from cuvee.cleaners.special import unmarked
from cuvee.errors import InputError
from cuvee.samples.dialects.cells import opened, text
from cuvee.samples.raw import Row
from cuvee.samples.schema import Turn

ROLES = {
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("user", "human", "prompter", "student", "client"), "user"),
    **dict.fromkeys(("assistant", "gpt", "chatgpt", "bing", "bard", "model", "bot", "chatbot", "ai"), "assistant"),
    **dict.fromkeys(("claude", "llm", "teacher", "function_call", "tool_call"), "assistant"),
    **dict.fromkeys(("tool", "observation", "function", "function_response", "tool_response", "ipython"), "tool"),
}
CALLS = ("function_call", "tool_call")  # the roles whose content is a call
ROLE_KEYS = ("role", "from", "speaker")
CONTENT_KEYS = ("content", "value", "text")
PAIR_KEYS = (
    (("human", "user", "prompt", "query", "question"), "user"),
    (("assistant", "gpt", "response", "answer"), "assistant"),
)


def turns(cell: object, where: str) -> list[Turn]:
    """Return the turns that a cell holds: a list, or its JSON text.

    An element is {role, content} or {from, value} in any mixture, a {human, assistant} pair, a [question, answer] pair, or
    a plain string (then user and assistant alternate). Raises InputError that names the turn.
    """
    listed = opened(cell)
    if not isinstance(listed, list):
        raise InputError(f"{where} holds {_kind(listed)}, not a list of turns")
    if not listed:
        raise InputError(f"{where} is an empty list")
    found: list[Turn] = []
    for at, item in enumerate(listed):
        if isinstance(item, Mapping):
            found.extend(_spoken(item, f"turn {at + 1} of {where}"))
        elif isinstance(item, str):
            found.append(Turn("assistant" if at % 2 else "user", item))
        elif isinstance(item, list) and len(item) == 2:
            found += pair(item, f"turn {at + 1} of {where}")
        else:
            raise InputError(f"turn {at + 1} of {where} is {_kind(item)}, not an object with a role and a content")
    return found


def conversation(cell: object) -> list[Turn] | None:
    """Return the turns of a cell that may also be plain text; None where it is."""
    listed = [cell] if isinstance(cell, Mapping) else opened(cell)
    if not isinstance(listed, list) or not listed or not all(isinstance(item, Mapping) for item in listed):
        return None
    if isinstance(cell, str) and not all(_role_key(item) for item in listed):
        return None  # text that happens to be JSON
    return turns(listed, "the conversation")


def history(cell: object) -> list[Turn]:
    """Return the turns of a history column: [[question, answer], ...], turns, or nothing."""
    listed = opened(cell)
    return [] if listed in (None, [], "") else turns(listed, "history")


def answered(row: Row, keys: Sequence[str]) -> Turn:
    """Return the answer among these columns: the first that is not blank; others that differ travel along as extra."""
    said = {key: text(row[key]) for key in keys if row.get(key) is not None}
    if len(said) == 1:
        return Turn("assistant", next(iter(said.values())))
    best = next((one for one in said.values() if unmarked(one)[0].strip()), next(iter(said.values()), ""))
    return Turn("assistant", best, {key: one for key, one in said.items() if one != best and one.strip()})


def pair(item: Sequence[object], where: str) -> list[Turn]:
    """Return the user turn and the assistant turn of a [question, answer] pair."""
    if any(isinstance(part, list | Mapping) for part in item):
        raise InputError(f"{where} is not a pair of texts")
    return [Turn("user", text(item[0])), Turn("assistant", text(item[1]))]


def _role_key(item: Row) -> str | None:
    return next((key for key in ROLE_KEYS if item.get(key) is not None), None)


def _spoken(item: Row, where: str) -> list[Turn]:
    key = _role_key(item)
    if key is None:
        return _paired(item, where)
    named = str(item[key]).strip().lower()
    role = ROLES.get(named)
    if role is None:
        raise InputError(f"{where} has the role {item[key]!r}; known are {', '.join(ROLES)}")
    spoken = next((name for name in CONTENT_KEYS if item.get(name) is not None), None)
    content = None if spoken is None else item[spoken]
    extra = {name: value for name, value in item.items() if value is not None and name not in (key, spoken)}
    if "tool_calls" in extra:
        extra["tool_calls"] = opened(extra["tool_calls"])
        if not extra["tool_calls"]:
            del extra["tool_calls"]
    if named in CALLS:
        return [_call(content, extra)]
    if isinstance(content, list):
        extra["parts"] = content
        content = "\n".join(_parts(content))
    if content is None and (role != "assistant" or not extra):
        content = ""
    return [Turn(role, None if content is None else text(content), extra)]


def _parts(parts: Sequence[object]) -> list[str]:
    """Return the texts among the parts of a content list."""
    texts = [part.get("text") if isinstance(part, Mapping) else part for part in parts]
    return [said for said in texts if isinstance(said, str)]


def _call(content: object, extra: dict[str, object]) -> Turn:
    """Return the turn of a ShareGPT call: as tool_calls where it can be read as such, arguments as they stand."""
    calls = opened(content)
    calls = [calls] if isinstance(calls, Mapping) else calls
    if isinstance(calls, list) and calls and all(isinstance(call, Mapping) and "name" in call for call in calls):
        return Turn(
            "assistant", None, {**extra, "tool_calls": [{"type": "function", "function": call} for call in calls]}
        )
    return Turn("assistant", text(content), extra)


def _paired(item: Row, where: str) -> list[Turn]:
    found = []
    if item.get("system") is not None:
        found.append(Turn("system", text(item["system"])))
    for keys, role in PAIR_KEYS:
        for key in keys:
            if item.get(key) is not None:
                found.append(Turn(role, text(item[key])))
    if not found:
        raise InputError(f"{where} names no role; its keys are {', '.join(map(str, item)) or 'none'}")
    return found


def _kind(value: object) -> str:
    if isinstance(value, Mapping):
        return "an object"
    names = {str: "text", list: "a list", type(None): "null", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), type(value).__name__)
