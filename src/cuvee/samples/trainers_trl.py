"""The script that trains on a written training set with TRL."""

from cuvee.samples import trainers_pairs
from cuvee.samples.layouts import Exchange, Layout, Pairs, Split, Turns

SCRIPT = '''"""Fine-tune a model on {data_file} with TRL: python train_trl.py MODEL [MAX_STEPS]

MODEL is a folder or a hub name; its tokenizer needs a chat template. The result goes to the folder model/.
"""

import sys
from pathlib import Path

import torch
from datasets import load_dataset
from trl import {trainer}Config, {trainer}Trainer

here = Path(__file__).resolve().parent
file = here / "{data_file}"
data = load_dataset("{kind}", data_files=str(file), split="train"{options})
{convert}
gpu = torch.cuda.is_available()
config = {trainer}Config(
    output_dir=str(here / "model"),
    max_steps=int(sys.argv[2]) if len(sys.argv) > 2 else -1,
    max_length=2048,  # longer rows are cut
    bf16=gpu,  # TRL's default is on; without a GPU it is many times slower, so it is off there
    use_cpu=not gpu,
    report_to="none",
)
trainer = {trainer}Trainer(model=sys.argv[1], args=config, train_dataset=data)
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


def script(found: Layout | None, data_file: str) -> str | None:
    """Return a script; conversations that are not messages of role and content are made so."""
    if found is None or (isinstance(found, Turns) and found.media):
        return None
    convert, trainer = "", "SFT"
    if isinstance(found, Pairs):
        convert, trainer = trainers_pairs.trl(found), "KTO" if found.labelled else "DPO"
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
    uneven = isinstance(found, Split | Pairs) or (isinstance(found, Turns) and found.uneven)
    options = ", chunksize=file.stat().st_size" if kind == "json" and uneven else ""
    return SCRIPT.format(data_file=data_file, kind=kind, options=options, convert=convert, trainer=trainer)
