"""The files that let a trainer start on a written training set: LLaMA-Factory, Axolotl, TRL."""

from collections.abc import Sequence
from pathlib import Path

import orjson

from cuvee import disk
from cuvee.samples.layouts import Exchange, Layout, Split, Turns, layout

DATASET = "cuvee"  # the name that LLaMA-Factory's ``dataset:`` takes
NEEDS_MESSAGES = "Its rows are not of one shape that this trainer reads: write them with `--format messages`."
UNEVEN = (
    "Its turns differ in their keys. `datasets`, which LLaMA-Factory and Axolotl load it with, infers the columns of JSON "
    "Lines from the first 10 MB and fails on a key that comes later: above that size write `--file parquet` or `json`."
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
    texts = {
        "dataset_info.json": _llama_factory(found, data_file),
        "axolotl.yaml": _axolotl(found, data_file),
        "train_trl.py": _trl(found, data_file),
    }
    written = {name: text for name, text in texts.items() if text is not None}
    written["TRAINING.md"] = _readme(data_file, format, dialects, texts, found)
    for name, text in written.items():
        disk.write(folder / name, text.encode())
    return [folder / name for name in written]


def _llama_factory(found: Layout | None, data_file: str) -> str | None:
    """Return a dataset_info.json. Tags that are not named would be unset, so all are named."""
    if isinstance(found, Turns):
        entry = _llama_factory_turns(found)
    elif isinstance(found, Exchange):
        columns = {"prompt": found.asked, "query": found.given, "response": found.answered}
        columns |= {"system": found.system, "history": found.history}
        entry = {"formatting": "alpaca", "columns": {key: value for key, value in columns.items() if value}}
    else:
        return None
    whole = {DATASET: {"file_name": data_file, **entry}}
    return orjson.dumps(whole, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _llama_factory_turns(found: Turns) -> dict[str, object]:
    # its "openai" reads tool_calls and tools as objects; it also adds a line to the system turn, so only where needed
    openai = found.role == "role" and (found.calls or found.tools)
    columns = {"messages": found.column, "system": found.system, "tools": found.tools}
    columns = {key: value for key, value in columns.items() if value}
    tags = {"role_tag": found.role, "content_tag": found.content}
    tags |= {f"{who}_tag": name for who, name in found.speakers.items()}
    return {"formatting": "openai" if openai else "sharegpt", "columns": columns, "tags": tags}


def _axolotl(found: Layout | None, data_file: str) -> str | None:
    """Return a YAML file with one entry of ``datasets``."""
    if isinstance(found, Turns):
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


SCRIPT = '''"""Fine-tune a model on {data_file} with TRL: python train_trl.py MODEL [MAX_STEPS]

MODEL is a folder or a hub name; its tokenizer needs a chat template. The result goes to the folder model/.
"""

import sys
from pathlib import Path

import torch
from datasets import load_dataset
from trl import SFTConfig, SFTTrainer

here = Path(__file__).resolve().parent
file = here / "{data_file}"
data = load_dataset("{kind}", data_files=str(file), split="train"{options})
{convert}
gpu = torch.cuda.is_available()
config = SFTConfig(
    output_dir=str(here / "model"),
    max_steps=int(sys.argv[2]) if len(sys.argv) > 2 else -1,
    max_length=2048,  # longer rows are cut
    bf16=gpu,  # TRL's default is on; without a GPU it is many times slower, so it is off there
    use_cpu=not gpu,
    report_to="none",
)
trainer = SFTTrainer(model=sys.argv[1], args=config, train_dataset=data)
trainer.train()
trainer.save_model()
'''

FROM_TURNS = """ROLES = {roles}


def to_messages(row):
    turns = [{{"role": "system", "content": row["{system}"]}}] if row.get("{system}") else []
    turns += [{{"role": ROLES.get(t["{role}"], t["{role}"]), "content": t["{content}"]}} for t in row["{column}"]]
    return {{"messages": turns}}


data = data.map(to_messages, remove_columns=["{column}"])
"""

FROM_COLUMNS = """

def to_messages(row):
    turns = [{{"role": "system", "content": row["{system}"]}}] if row.get("{system}") else []
    for asked, answered in row.get("history") or []:
        turns += [{{"role": "user", "content": asked}}, {{"role": "assistant", "content": answered}}]
    asked = "\\n\\n".join(text for text in ({asked}) if text)
    return {{"messages": [*turns, {{"role": "user", "content": asked}}, {{"role": "assistant", "content": row["{answered}"]}}]}}


data = data.map(to_messages, remove_columns=data.column_names)
"""


def _trl(found: Layout | None, data_file: str) -> str | None:
    """Return a script; conversations that are not messages of role and content are made so."""
    if found is None:
        return None
    convert = ""
    plain = isinstance(found, Turns) and (found.column, found.role, found.content) == ("messages", "role", "content")
    if isinstance(found, Turns) and (not plain or found.system):
        usual = {"observation": "tool", "function": "assistant"}
        roles = {name: usual.get(who, who) for who, name in found.speakers.items()}
        names = {"role": found.role, "content": found.content, "column": found.column}
        convert = FROM_TURNS.format(roles=roles, system=found.system or "system", **names)
    elif isinstance(found, Exchange) and (found.asked, found.answered) != ("prompt", "completion"):
        asked = ", ".join(f'row["{name}"]' for name in (found.asked, found.given) if name)
        asked = asked if found.given else f"{asked},"
        convert = FROM_COLUMNS.format(asked=asked, answered=found.answered, system=found.system or "system")
    kind = "parquet" if data_file.endswith(".parquet") else "json"
    # columns are inferred from the first chunk only (10 MB by default), and later rows may have keys that it lacks
    uneven = isinstance(found, Split) or (isinstance(found, Turns) and found.uneven)
    options = ", chunksize=file.stat().st_size" if kind == "json" and uneven else ""
    return SCRIPT.format(data_file=data_file, kind=kind, options=options, convert=convert)


def _readme(
    data_file: str, format: str, dialects: Sequence[str], texts: dict[str, str | None], found: Layout | None
) -> str:
    calls = {
        "dataset_info.json": ("LLaMA-Factory", f"`dataset_dir:` this folder, `dataset: {DATASET}`."),
        "axolotl.yaml": ("Axolotl", "copy the entry of `axolotl.yaml` to your configuration."),
        "train_trl.py": ("TRL", "`python train_trl.py MODEL`."),
    }
    lines = [f"# Training on {data_file}", "", f"Format: {format}. Dialects of its rows: {', '.join(dialects)}.", ""]
    for name, (trainer, call) in calls.items():
        why = LOSES_HISTORY if isinstance(found, Exchange) else NEEDS_MESSAGES
        lines.append(f"- {trainer}: {call if texts[name] is not None else why}")
    if isinstance(found, Turns | Split) and found.tools and data_file.endswith(".parquet"):
        lines += [
            "",
            "In this Parquet file `tools` and the arguments of tool calls are JSON text; Axolotl wants `--file jsonl`.",
        ]
    if isinstance(found, Turns) and found.uneven and data_file.endswith(".jsonl"):
        lines += ["", UNEVEN]
    return "\n".join(lines) + "\n"
