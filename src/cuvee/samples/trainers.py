"""The files that let a trainer start on a written training set: LLaMA-Factory, Axolotl, TRL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from cuvee import disk
from cuvee.samples import trainers_pairs, trainers_trl
from cuvee.samples.layouts import Exchange, Layout, Pairs, Split, Turns, layout

DATASET = "cuvee"  # the name that LLaMA-Factory's ``dataset:`` takes
NEEDS_MESSAGES = "Its rows are not of one shape that this trainer reads: write them with `--format messages`."
UNEVEN = (
    "Its turns differ in their keys. `datasets`, which LLaMA-Factory and Axolotl load it with, infers the columns of JSON "
    "Lines from the first 10 MB and fails on a key that comes later: above that size write `--file parquet` or `json`."
)
OF_TEXT = "Its file here is of text only, and these rows hold images, videos or audio."
RELATIVE = (
    "Names of images, videos and audio are absolute where a file was found beside the pool's; others count from the folder "
    "that LLaMA-Factory's `media_dir:` names: that of the pool's file."
)
LOSES_HISTORY = "Its rows hold several exchanges, which this trainer cannot take as columns: write `--format messages`."


def trainer_files(folder: Path, *, data_file: str, format: str, dialects: Sequence[str]) -> list[Path]:
    """Write the trainers' files beside ``folder / data_file`` and return their paths.

    dataset_info.json (LLaMA-Factory), axolotl.yaml, train_trl.py, and TRAINING.md, which says how to call each. A trainer
    that cannot read the file gets none, and TRAINING.md says why. format: what ``write`` was given. dialects: those of the
    chosen rows; ``same`` with more than one has no layout that holds for all rows.
    """
    mixed = format == "same" and len(dialects) > 1
    found = None if mixed else layout(folder / data_file)
    info = _llama_factory(found, folder, data_file)
    texts = {
        "dataset_info.json": None if isinstance(info, str) else _dataset_info(info),
        "axolotl.yaml": _axolotl(found, data_file),
        "train_trl.py": trainers_trl.script(found, data_file),
    }
    written = {name: text for name, text in texts.items() if text is not None}
    refused = _refused(found, info, texts)
    written["TRAINING.md"] = _readme(_Written(data_file, format, dialects, refused, found))
    for name, text in written.items():
        disk.write(folder / name, text.encode())
    side = [trainers_pairs.SIDE] if isinstance(info, dict) and info["file_name"] == trainers_pairs.SIDE else []
    return [folder / name for name in [*written, *side]]


@dataclass(frozen=True)
class _Written:
    """A training set. refused: file of a trainer -> why there is none."""

    data_file: str
    format: str
    dialects: Sequence[str]
    refused: Mapping[str, str]
    found: Layout | None


def _llama_factory(found: Layout | None, folder: Path, data_file: str) -> dict[str, object] | str:
    """Return an entry of dataset_info.json; or why there is none. Tags that are not named would be unset, so all are named."""
    if isinstance(found, Turns):
        return f"{found.strange}." if found.strange else {"file_name": data_file, **_llama_factory_turns(found)}
    if isinstance(found, Pairs):
        return trainers_pairs.llama_factory(found, folder, data_file)
    if isinstance(found, Exchange):
        columns = {"prompt": found.asked, "query": found.given, "response": found.answered}
        columns |= {"system": found.system, "history": found.history}
        named = {key: value for key, value in columns.items() if value}
        return {"file_name": data_file, "formatting": "alpaca", "columns": named}
    return NEEDS_MESSAGES


def _dataset_info(entry: Mapping[str, object]) -> str:
    return orjson.dumps({DATASET: entry}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _llama_factory_turns(found: Turns) -> dict[str, object]:
    # its "openai" reads tool_calls and tools as objects; it also adds a line to the system turn, so only where needed
    openai = found.role == "role" and (found.calls or found.tools)
    columns = {"messages": found.column, "system": found.system, "tools": found.tools, **found.media}
    columns = {key: value for key, value in columns.items() if value}
    tags = {"role_tag": found.role, "content_tag": found.content}
    tags |= {f"{who}_tag": name for who, name in found.speakers.items()}
    return {"formatting": "openai" if openai else "sharegpt", "columns": columns, "tags": tags}


def _axolotl(found: Layout | None, data_file: str) -> str | None:
    """Return a YAML file with one entry of ``datasets``."""
    if isinstance(found, Pairs):
        return trainers_pairs.axolotl(found, data_file)
    if isinstance(found, Turns) and not found.media:
        roles = {"tool" if who == "observation" else who: [name] for who, name in found.speakers.items()}
        roles["assistant"] += roles.pop("function")  # a ShareGPT call is the assistant's text
        how: dict[str, object] = {
            "type": "chat_template",
            "field_messages": found.column,
            "message_property_mappings": {"role": found.role, "content": found.content},
            "roles": roles,
        }
        how |= {"field_tools": found.tools} if found.tools else {}
        how |= {"field_system": found.system} if found.system else {}
    elif isinstance(found, Exchange) and not found.history:
        how = {"type": _axolotl_exchange(found)}
    else:
        return None
    import yaml

    kind = "parquet" if data_file.endswith(".parquet") else "json"
    text = yaml.safe_dump({"datasets": [{"path": data_file, "ds_type": kind, **how}]}, sort_keys=False)
    return f"# For Axolotl: put this entry into your configuration; path counts from where you start it.\n{text}"


def _axolotl_exchange(found: Exchange) -> dict[str, str]:
    columns = {"field_instruction": found.asked, "field_output": found.answered}
    columns |= {"field_system": found.system} if found.system else {}
    if not found.given:
        return {**columns, "format": "{instruction}"}
    return {
        **columns,
        "field_input": found.given,
        "format": "{instruction}\n{input}",
        "no_input_format": "{instruction}",
    }


def _readme(whole: "_Written") -> str:
    calls = {
        "dataset_info.json": ("LLaMA-Factory", f"`dataset_dir:` this folder, `dataset: {DATASET}`."),
        "axolotl.yaml": ("Axolotl", "copy the entry of `axolotl.yaml` to your configuration."),
        "train_trl.py": ("TRL", "`python train_trl.py MODEL`."),
    }
    found, data_file = whole.found, whole.data_file
    lines = [
        f"# Training on {data_file}",
        "",
        f"Format: {whole.format}. Dialects of its rows: {', '.join(whole.dialects)}.",
        "",
    ]
    for name, (trainer, call) in calls.items():
        lines.append(f"- {trainer}: {whole.refused.get(name, call)}")
    if isinstance(found, Turns | Split) and found.tools and data_file.endswith(".parquet"):
        lines += [
            "",
            "In this Parquet file `tools` and the arguments of tool calls are JSON text; Axolotl wants `--file jsonl`.",
        ]
    if isinstance(found, Turns) and found.uneven and data_file.endswith(".jsonl"):
        lines += ["", UNEVEN]
    if isinstance(found, Turns | Pairs) and found.media:
        lines += ["", RELATIVE]
    return "\n".join(lines) + "\n"


def _refused(found: Layout | None, info: dict[str, object] | str, texts: Mapping[str, str | None]) -> dict[str, str]:
    """Return of each trainer without a file why it has none."""
    why = LOSES_HISTORY if isinstance(found, Exchange) else NEEDS_MESSAGES
    if isinstance(found, Turns) and found.media:
        why = OF_TEXT
    if isinstance(found, Pairs):
        why = trainers_pairs.NO_TEMPLATE if found.labelled else OF_TEXT
    reasons = {name: why for name, text in texts.items() if text is None}
    return reasons | ({"dataset_info.json": info} if isinstance(info, str) else {})
