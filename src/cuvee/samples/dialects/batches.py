"""Batch files of OpenAI's API, and of Anthropic's: requests, results, or both in one row.

A request has no answer and a result no question: ``intake.joined`` brings them together by ``custom_id``.
"""

from collections.abc import Mapping
from dataclasses import replace

from cuvee.errors import InputError
from cuvee.samples.dialects.cells import first, opened, sample, text
from cuvee.samples.dialects.seam import Dialect
from cuvee.samples.dialects.turns import conversation, turns
from cuvee.samples.raw import Row
from cuvee.samples.schema import Sample, Turn

NAME = "openai-batch"
ASKED = ("body", "params")
TOLD = ("response", "result")


def _is_batch(row: Row) -> bool:
    return "custom_id" in row and any(isinstance(row.get(key), Mapping | str) for key in (*ASKED, *TOLD))


def _batch(row: Row) -> list[Sample]:
    request, response = (opened(first(row, *keys)) for keys in (ASKED, TOLD))
    if not isinstance(request, Mapping) and not isinstance(response, Mapping):
        raise InputError(
            _failure(row) or f"it has no body, params, response or result; its keys are {', '.join(map(str, row))}"
        )
    said = _asked(request) if isinstance(request, Mapping) else []
    if isinstance(response, Mapping):
        said = [*said, *_told(response, row)]
    tools = request.get("tools") if isinstance(request, Mapping) else None
    found = sample({"tools": tools} if tools else {}, said)
    return [replace(found, id=text(row.get("custom_id")) or None)]


def _asked(body: Mapping[str, object]) -> list[Turn]:
    """Return the turns of a request: of chat completions, of responses, of completions, of Anthropic's messages."""
    told = first(body, "instructions", "system")
    system = [Turn("system", _blocks(told))] if told else []
    for key in ("messages", "input"):
        if body.get(key) is not None:
            found = conversation(body[key])
            return [*system, *(found if found is not None else _plain(body[key], key))]
    if body.get("prompt") is not None:
        return [*system, *_plain(body["prompt"], "prompt")]
    raise InputError(f"its request asks nothing; its keys are {', '.join(map(str, body)) or 'none'}")


def _plain(cell: object, key: str) -> list[Turn]:
    return [Turn("user", cell)] if isinstance(cell, str) else turns(cell, key)


def _told(response: Mapping[str, object], row: Row) -> list[Turn]:
    """Return the turn that a result holds. Raises InputError for a request that failed."""
    failed = _failure(row)
    if failed:
        raise InputError(failed)
    body = opened(first(response, "body", "message"))
    body = body if isinstance(body, Mapping) else response
    choice = _first(body.get("choices"))
    if choice.get("message") is not None:
        return turns([choice["message"]], "the result")
    if choice.get("text") is not None:
        return [Turn("assistant", text(choice["text"]))]
    output = body.get("output")
    if isinstance(output, list):
        spoken = [_message(one) for one in output if isinstance(one, Mapping)]
        return [turn for turn in spoken if turn is not None]
    if body.get("content") is not None:
        return [_message({**body, "type": "message", "role": "assistant"}) or Turn("assistant", "")]
    raise InputError(f"its result says nothing; its keys are {', '.join(map(str, body)) or 'none'}")


def _message(output: Mapping[str, object]) -> Turn | None:
    """Return a message or a call of a function; None for what is neither, such as reasoning."""
    if output.get("type") == "function_call":
        return Turn("assistant", None, {"tool_calls": [_call(output.get("name"), output.get("arguments"))]})
    if output.get("type") != "message":
        return None
    content = output.get("content")
    blocks = [block for block in content if isinstance(block, Mapping)] if isinstance(content, list) else []
    calls = [_call(block.get("name"), block.get("input")) for block in blocks if block.get("type") == "tool_use"]
    said = _blocks(content)
    return Turn("assistant", said if said or not calls else None, {"tool_calls": calls} if calls else {})


def _call(name: object, arguments: object) -> dict[str, object]:
    return {"type": "function", "function": {"name": name, "arguments": arguments}}


def _blocks(content: object) -> str:
    """Return the text of a content: text, or blocks that have one."""
    if not isinstance(content, list):
        return text(content)
    return "".join(text(block.get("text")) for block in content if isinstance(block, Mapping))


def _first(choices: object) -> Mapping[str, object]:
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], Mapping) else {}


def _failure(row: Row) -> str:
    """Return why the request failed, "" where it did not."""
    response, error = opened(first(row, *TOLD)), row.get("error")
    told = response if isinstance(response, Mapping) else {}
    status, kind = told.get("status_code"), told.get("type")
    failed = bool(error) or (isinstance(status, int) and status >= 400) or kind in ("errored", "canceled", "expired")
    return f"the request failed: {text(error or told.get('error') or status or kind)[:200]}" if failed else ""


BATCH = Dialect(
    NAME,
    "custom_id with body, response or both: requests and results of a batch (OpenAI's, Anthropic's), joined",
    _is_batch,
    _batch,
    {
        "custom_id": "r1",
        "body": {"model": "a-model", "messages": [{"role": "user", "content": "Name a metal."}]},
        "response": {
            "status_code": 200,
            "body": {"choices": [{"message": {"role": "assistant", "content": "Iron."}, "finish_reason": "stop"}]},
        },
        "error": None,
    },
    columns=frozenset({"custom_id", "method", "url", "error", *ASKED, *TOLD}),
)
