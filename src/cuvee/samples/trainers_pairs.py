"""The trainers' files of preference data: pairs (DPO) and labelled answers (KTO)."""

from collections.abc import Iterator
from pathlib import Path

import orjson

from cuvee import disk
from cuvee.samples.layouts import Pairs, read_rows

SIDE = "llamafactory.jsonl"  # LLaMA-Factory takes an answer that is one message, TRL one that is a list of them
TAGS = {
    **{
        "role_tag": "role",
        "content_tag": "content",
        "user_tag": "user",
        "assistant_tag": "assistant",
        "system_tag": "system",
    },
    **{"observation_tag": "tool", "function_tag": "function_call"},
}
NO_TEMPLATE = (
    "Its KTO takes plain strings and no chat template: train with TRL or LLaMA-Factory, or write `--format dpo`."
)
SELECT = """data = data.select_columns([name for name in {columns} if name in data.column_names])
"""
TALKS = """

def to_messages(row):
    asked = [{{"role": "system", "content": row["{system}"]}}] if row.get("{system}") else []
    asked += [{{"role": "user", "content": row["{prompt}"]}}]
    answers = {{name: [{{"role": "assistant", "content": row[name]}}] for name in ("chosen", "rejected")}}
    return {{"prompt": asked, **answers}}


data = data.map(to_messages, remove_columns=data.column_names)
"""


def llama_factory(found: Pairs, folder: Path, data_file: str) -> dict[str, object] | str:
    """Return the entry of dataset_info.json; or why there is none. Lists of messages are written again, as it takes them."""
    if found.strings:
        columns = {"prompt": found.prompt, "chosen": "chosen", "rejected": "rejected", "system": found.system}
        columns = {key: value for key, value in columns.items() if value}
        return {"file_name": data_file, "formatting": "alpaca", "ranking": True, "columns": columns}
    try:
        rows = list(_side(folder / data_file, found))
    except ValueError as wrong:
        return f"It takes answers that are one message of text, and {wrong}."
    with disk.create(folder / SIDE) as out:
        for row in rows:
            out.write(orjson.dumps(row) + b"\n")
    named = {"messages": "messages", **found.media, **({"tools": "tools"} if found.tools else {})}
    named |= {"kto_tag": "label"} if found.labelled else {"chosen": "chosen", "rejected": "rejected"}
    entry: dict[str, object] = {"file_name": SIDE, "formatting": "openai" if found.calls else "sharegpt"}
    entry |= {} if found.labelled else {"ranking": True}
    return {**entry, "columns": named, "tags": TAGS}


def _side(path: Path, found: Pairs) -> Iterator[dict[str, object]]:
    for row in read_rows(path):
        kept = {key: row.get(key) for key in ("id", *found.media)}
        tools = row.get("tools")
        if found.tools:
            kept["tools"] = tools if isinstance(tools, str) or tools is None else orjson.dumps(tools).decode()
        if found.labelled:
            yield {**kept, "messages": [*_listed(row["prompt"]), _one(row["completion"])], "label": row["label"]}
        else:
            answers = {name: _one(row[name]) for name in ("chosen", "rejected")}
            yield {**kept, "messages": _listed(row["prompt"]), **answers}


def _listed(cell: object) -> list[object]:
    return cell if isinstance(cell, list) else []


def _one(cell: object) -> dict[str, object]:
    """Return an answer of one message. Raises ValueError for one of several, or one that only calls tools."""
    turns = _listed(cell)
    turn = turns[0] if len(turns) == 1 else None
    if not isinstance(turn, dict) or not isinstance(turn.get("content"), str) or turn.get("tool_calls"):
        raise ValueError("some answers are several messages, or call tools")
    return {"role": turn["role"], "content": turn["content"]}


def axolotl(found: Pairs, data_file: str) -> str | None:
    """Return a YAML file for its DPO, None for labelled answers."""
    import yaml

    if found.labelled or found.media:
        return None
    kind = "parquet" if data_file.endswith(".parquet") else "json"
    entry = {"path": data_file, "ds_type": kind, "split": "train", "type": "chat_template.default"}
    fields = {"field_messages": found.prompt, "field_chosen": "chosen", "field_rejected": "rejected"}
    text = yaml.safe_dump({"rl": "dpo", "datasets": [{**entry, **fields}]}, sort_keys=False)
    return f"# For Axolotl: put this into your configuration; path counts from where you start it.\n{text}"


def trl(found: Pairs) -> str:
    """Return what its script does to the data: strings become messages, and only what the trainer reads is kept."""
    if found.strings:
        return TALKS.format(prompt=found.prompt, system=found.system or "system")
    answers = ("completion", "label") if found.labelled else ("chosen", "rejected")
    return SELECT.format(columns=("prompt", *answers, "tools"))
