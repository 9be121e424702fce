"""A chosen row's parts as every format writes them: turns, tools, media, and the columns that go along."""

from cuvee.loose_json import dumps, loads
from cuvee.samples import special
from cuvee.samples.dialects.cells import MEDIA, opened
from cuvee.samples.media import extra, has_parts, media
from cuvee.samples.schema import SampleRow, TurnRow

CALLS = ("tool_calls", "function_call")  # the keys under which a turn calls tools


def turns(row: SampleRow) -> list[dict[str, object]]:
    """Return the row's messages as dicts with role, content, then the other keys as they were.

    Media stand as marks in the text (``media``); where they cannot, the content is the list of parts as it was.
    """
    found = media(row)
    if found is None or found.wrong:
        return [turn_of(turn) for turn in row["messages"]]
    return [
        {**{key: value for key, value in turn_of(turn).items() if key not in (*MEDIA, "parts")}, "content": content}
        for turn, content in zip(row["messages"], found.contents, strict=True)
    ]


def turn_of(turn: TurnRow) -> dict[str, object]:
    """Return one message of the table as a dict."""
    rest, content = extra(turn), turn["content"]
    said = rest.pop("parts", content) if has_parts(rest) else content
    return {"role": turn["role"], "content": said, **{k: v for k, v in rest.items() if k not in ("role", "content")}}


def around(row: SampleRow, body: dict[str, object]) -> dict[str, object]:
    """Return id, the body, media, source, task, license, then the columns that go along; a null is left out.

    A column that has the name of another here gets an underscore behind it.
    """
    found = media(row)
    whole = {
        "id": row["id"],
        **body,
        **(found.files if found and not found.wrong else {}),
        "source": row["source"],
        "task": row["task"],
        "license": row["license"],
    }
    for name, value in along(row).items():
        whole[f"{name}_" if name in whole else name] = value
    return {key: value for key, value in whole.items() if value is not None}


def along(row: SampleRow) -> dict[str, object]:
    """Return the row's columns beyond those of its dialect."""
    told = row.get("along")
    found = loads(told) if told else {}
    return found if isinstance(found, dict) else {}


def tools_of(row: SampleRow) -> object:
    """Return the tool definitions as a list, also where the row had them as JSON text."""
    return opened(row["tools"]) or None


def tools_text(row: SampleRow) -> str | None:
    """Return the tool definitions as JSON text."""
    tools = tools_of(row)
    return tools if isinstance(tools, str) or tools is None else dumps(tools)


def calls_tools(turn: TurnRow) -> bool:
    """Tell whether the turn (of the table) calls a tool."""
    return bool(turn["extra"]) and any(extra(turn).get(key) for key in CALLS)


def misplaced(row: SampleRow) -> str | None:
    """Return why media cannot be told by marks and names of files, None where they can."""
    found = media(row)
    return found.wrong or None if found else None


def raw(row: SampleRow) -> bytes:
    """Return the raw row; the end marks that were taken off its answers are taken off here too, and nothing else."""
    if not row.get("stripped"):
        return row["raw"]
    spoken = [*row["messages"], *(row["rejected"] or [])]
    return special.without(row["raw"], {turn["content"] or "" for turn in spoken if turn["role"] == "assistant"})
