"""Gemini's form: contents of parts, as its API, its tuning files and its batch files have them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cuvee.errors import InputError
from cuvee.loose_json import dumps
from cuvee.samples.dialects.cells import first, sample, text, with_system
from cuvee.samples.dialects.seam import Dialect
from cuvee.samples.dialects.turns import ROLES
from cuvee.samples.raw import Row
from cuvee.samples.schema import Sample, Turn

SYSTEM = ("systemInstruction", "system_instruction")
MEDIA = {"image": "image_url", "video": "video_url", "audio": "audio_url"}


def _is_gemini(row: Row) -> bool:
    return isinstance(row.get("contents"), list | str) or isinstance(row.get("request"), Mapping)


def _gemini(row: Row) -> list[Sample]:
    asked = row if row.get("contents") is not None else row.get("request")
    if not isinstance(asked, Mapping) or asked.get("contents") is None:
        raise InputError(f"it has no contents; its keys are {', '.join(map(str, row))}")
    turns = [turn for content in _listed(asked["contents"]) for turn in _content(content)]
    turns += _answer(row)
    told = _system(first(asked, *SYSTEM))
    turns = [Turn("system", told), *turns] if told else with_system(row, turns)
    found = sample({**row, "tools": _tools(asked)} if asked.get("tools") else row, turns)
    key = row.get("key")
    return [replace(found, id=key) if isinstance(key, str) and key else found]


def _answer(row: Row) -> list[Turn]:
    """Return the turn that a batch file's response holds."""
    response = row.get("response")
    if not isinstance(response, Mapping):
        return []
    candidates = response.get("candidates")
    if not isinstance(candidates, list) or not candidates or not isinstance(candidates[0], Mapping):
        raise InputError(f"its response has no candidates: {text(response)[:80]}")
    return _content({"role": "model", **_object(candidates[0].get("content"))})


def _content(content: object) -> list[Turn]:
    """Return the turns of a content: its texts and calls are one, each result of a function is one of its own."""
    if isinstance(content, str):
        return [Turn("user", content)]
    if not isinstance(content, Mapping):
        raise InputError("a content is no object with parts")
    named = str(content.get("role") or "user")
    role = ROLES.get(named.lower())
    if role is None:
        raise InputError(f"a content has the role {named!r}")
    parts = [part if isinstance(part, Mapping) else {"text": part} for part in _listed(content.get("parts"))]
    results = [_object(first(part, "functionResponse", "function_response")) for part in parts]
    found = [
        Turn("tool", dumps(result.get("response")), {"name": result["name"]} if "name" in result else {})
        for result in results
        if result
    ]
    spoken = [part for part, result in zip(parts, results, strict=True) if not result]
    return [*found, *([_spoken(role, spoken)] if spoken or not found else [])]


def _spoken(role: str, parts: Sequence[Mapping[str, object]]) -> Turn:
    said = [text(part["text"]) for part in parts if part.get("text") is not None and not part.get("thought")]
    thoughts = [text(part["text"]) for part in parts if part.get("text") is not None and part.get("thought")]
    calls = [_object(first(part, "functionCall", "function_call")) for part in parts]
    extra: dict[str, object] = {"reasoning_content": "".join(thoughts)} if thoughts else {}
    if any(calls):
        extra["tool_calls"] = [{"type": "function", "function": _call(call)} for call in calls if call]
    shown = [_medium(part) for part in parts if not part.get("thought")]
    if any(one["type"] != "text" for one in shown):
        extra["parts"] = [one for one in shown if one.get("text") != ""]
    whole = "\n".join(said) if "parts" in extra else "".join(said)
    return Turn(role, None if any(calls) and not whole else whole, extra)


def _call(call: Mapping[str, object]) -> dict[str, object]:
    return {"name": call.get("name"), "arguments": call.get("args", {})}


def _medium(part: Mapping[str, object]) -> dict[str, object]:
    """Return a part as OpenAI's form has it."""
    stored = _object(first(part, "fileData", "file_data"))
    inline = _object(first(part, "inlineData", "inline_data"))
    held = stored or inline
    if not held:
        return {"type": "text", "text": text(part.get("text"))}
    kind = str(first(held, "mimeType", "mime_type"))
    url = text(first(stored, "fileUri", "file_uri")) if stored else f"data:{kind};base64,{text(inline.get('data'))}"
    name = MEDIA.get(kind.partition("/")[0], "file")
    return {"type": name, name: {"url": url}}


def _system(value: object) -> str:
    if isinstance(value, Mapping):
        return "\n".join(text(part.get("text")) for part in map(_object, _listed(value.get("parts"))) if "text" in part)
    return text(value)


def _tools(asked: Mapping[str, object]) -> list[object]:
    found: list[object] = []
    for tool in _listed(asked.get("tools")):
        declared = first(_object(tool), "functionDeclarations", "function_declarations")
        found += [{"type": "function", "function": one} for one in _listed(declared)] if declared else [tool]
    return found


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


GEMINI = Dialect(
    "gemini",
    "contents: [{role, parts}] with systemInstruction, tools and function calls; its batch files with request and response",
    _is_gemini,
    _gemini,
    {
        "systemInstruction": {"role": "system", "parts": [{"text": "Be exact."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "How high is K2?"}]},
            {"role": "model", "parts": [{"text": "8,611 metres."}]},
        ],
    },
    columns=frozenset({"contents", "request", "response", "key", *SYSTEM}),
)
