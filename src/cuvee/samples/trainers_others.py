"""The files that let five more trainers start on a written training set: Unsloth, ms-swift, verl, NeMo RL, torchtune.

By what each documents of its data (as of November 2026): ms-swift's AutoPreprocessor, verl's MultiTurnSFTDataset, NeMo RL's
OpenAIFormatDataset, torchtune's chat_dataset, and TRL's trainer under Unsloth. All of them read messages.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from cuvee import disk
from cuvee.samples.layouts import Turns, layout

NEEDS_MESSAGES = (
    "It reads conversations of role and content, and here no media: write the rows with `--format messages`."
)
NEEDS_PARQUET = "It reads Parquet only: write the rows with `--format messages --file parquet`."
NEEDS_JSON = "It reads JSON only: write the rows with `--format messages` and no `--file parquet`."


@dataclass(frozen=True)
class _Trainer:
    """name: as it is written. call: how it is started. make: name of the data file, its layout -> a text. reads: file types."""

    name: str
    call: str
    make: Callable[[str, Turns], str]
    reads: tuple[str, ...] = ("jsonl", "json", "parquet")


def other_trainer_files(folder: Path, *, data_file: str, format: str, dialects: Sequence[str]) -> list[Path]:
    """Write the files beside ``folder / data_file``, add to TRAINING.md how to call each, and return their paths.

    A trainer that cannot read the rows gets none, and TRAINING.md says why. format, dialects: as ``trainer_files`` takes them.
    """
    whole = format == "messages" or (format == "same" and len(dialects) == 1)
    found = layout(folder / data_file) if whole else None
    written, lines = [], ["", "Trainers of conversations:", ""]
    for file, trainer in TRAINERS.items():
        if not isinstance(found, Turns) or not _plain(found):
            lines.append(f"- {trainer.name}: {NEEDS_MESSAGES}")
        elif data_file.rpartition(".")[2] not in trainer.reads:
            lines.append(f"- {trainer.name}: {NEEDS_PARQUET if trainer.reads == ('parquet',) else NEEDS_JSON}")
        else:
            disk.write(folder / file, trainer.make(data_file, found).encode())
            written.append(folder / file)
            lines.append(f"- {trainer.name}: {trainer.call}")
    notes = folder / "TRAINING.md"
    told = notes.read_text() if notes.is_file() else ""
    disk.write(notes, (told + "\n".join(lines) + "\n").encode())
    return written


def _plain(found: Turns) -> bool:
    named = (found.column, found.role, found.content) == ("messages", "role", "content")
    return named and not found.media and not found.system


UNSLOTH = '''"""Fine-tune a model on {data_file} with Unsloth, on a GPU: python train_unsloth.py MODEL [MAX_STEPS]"""

import json
import sys
from pathlib import Path

from unsloth import FastLanguageModel  # before trl, which it changes

from datasets import load_dataset
from trl import SFTConfig, SFTTrainer

here, longest = Path(__file__).resolve().parent, 2048
model, tokenizer = FastLanguageModel.from_pretrained(sys.argv[1], max_seq_length=longest, load_in_4bit=False)
model = FastLanguageModel.get_peft_model(model, r=16, lora_alpha=32)
file = here / "{data_file}"
data = load_dataset("{kind}", data_files=str(file), split="train"{options})
data = data.map(
    lambda row: {{"text": tokenizer.apply_chat_template(row["messages"], {tools}tokenize=False)}},
    remove_columns=data.column_names,
)
config = SFTConfig(
    output_dir=str(here / "model"),
    max_steps=int(sys.argv[2]) if len(sys.argv) > 2 else -1,
    max_length=longest,
    dataset_text_field="text",
    report_to="none",
)
trainer = SFTTrainer(model=model, processing_class=tokenizer, args=config, train_dataset=data)
trainer.train()
model.save_pretrained(here / "model")
tokenizer.save_pretrained(here / "model")
'''


def _unsloth(data_file: str, found: Turns) -> str:
    kind = "parquet" if data_file.endswith(".parquet") else "json"
    options = ", chunksize=file.stat().st_size" if kind == "json" else ""
    cell = f'row["{found.tools}"]'
    read = cell if kind == "json" else f"json.loads({cell}) if {cell} else None"
    named = f"tools={read}, " if found.tools else ""
    return UNSLOTH.format(data_file=data_file, kind=kind, options=options, tools=named)


def _swift(data_file: str, found: Turns) -> str:
    return (
        f"#!/bin/sh\n# For ms-swift: sh swift.sh MODEL. It reads messages, and tools where rows have them.\n"
        f'cd "$(dirname "$0")" && model="$1" && shift && \\\n'
        f'exec swift sft --model "$model" --dataset {data_file} --output_dir model "$@"\n'
    )


def _verl(data_file: str, found: Turns) -> str:
    data: dict[str, object] = {"train_files": data_file, "val_files": None, "messages_key": "messages"}
    told = {
        "data": {
            **data,
            **({"tools_key": found.tools} if found.tools else {}),
            "max_length": 2048,
            "truncation": "right",
        }
    }
    return _yaml("verl: lay these over its sft_trainer_engine.yaml; paths count from where you start it", told)


def _nemo(data_file: str, found: Turns) -> str:
    train = {"dataset_name": "openai_format", "data_path": data_file, "chat_key": "messages", "tool_key": found.tools}
    told = {"data": {"train": {**train, "use_preserving_dataset": found.calls}}}
    return _yaml("NeMo RL: lay these over its examples/configs/sft.yaml; paths count from where you start it", told)


def _torchtune(data_file: str, found: Turns) -> str:
    told = {
        "dataset": {
            "_component_": "torchtune.datasets.chat_dataset",
            "source": "parquet" if data_file.endswith(".parquet") else "json",
            "data_files": data_file,
            "split": "train",
            "conversation_column": "messages",
            "conversation_style": "openai",
            "train_on_input": False,
        }
    }
    return _yaml("torchtune: put this into your recipe's configuration; it leaves tools out", told)


def _yaml(head: str, told: Mapping[str, object]) -> str:
    return f"# For {head}.\n{yaml.safe_dump(dict(told), sort_keys=False)}"


TRAINERS: dict[str, _Trainer] = {
    "train_unsloth.py": _Trainer("Unsloth", "`python train_unsloth.py MODEL`, on a GPU.", _unsloth),
    "swift.sh": _Trainer("ms-swift", "`sh swift.sh MODEL`.", _swift),
    "verl.yaml": _Trainer(
        "verl", "`torchrun -m verl.trainer.sft_trainer`, with `verl.yaml` over its own.", _verl, ("parquet",)
    ),
    "nemo_rl.yaml": _Trainer(
        "NeMo RL", "`uv run examples/run_sft.py`, with `nemo_rl.yaml` over its own.", _nemo, ("jsonl", "json")
    ),
    "torchtune.yaml": _Trainer(
        "torchtune", "`tune run ... --config`, with the entry of `torchtune.yaml` in it.", _torchtune
    ),
}
"""File -> the trainer that it is for."""
