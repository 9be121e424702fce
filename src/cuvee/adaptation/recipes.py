"""What lets other trainers take the recorded steps again: the rows written out in the order of training, and recipes."""

from pathlib import Path

import numpy as np
import yaml

from cuvee import disk
from cuvee.adaptation.account import Adapted
from cuvee.adaptation.asked import LearnAsk
from cuvee.errors import InputError
from cuvee.runs import Run, Step
from cuvee.samples.trainers import DATASET, trainer_files
from cuvee.samples.write import write
from cuvee.training.fresh import SCALE

FOLDER = "replay"
DATA = "replay.jsonl"
LLAMA_FACTORY, AXOLOTL = "llamafactory.yaml", "axolotl.yaml"
_SAID = """# The recorded steps, for other trainers

`{data}` has the rows that the final run of `cuvee adapt` saw, in its order, a row as often as it was taken. Every {batch} of
them are a step, {steps:,} in all, so a trainer must neither shuffle nor pack nor drop rows.

- LLaMA-Factory: `llamafactory-cli train {llama}`, in this folder.
- Axolotl: `axolotl train {axolotl}`, in this folder.
- TRL and a plain `transformers.Trainer`: `cuvee.follow(trainer, "{run}")`, on the run's selected rows.

Other trainers render, mask and weigh tokens by rules of their own; `cuvee train {run} --replay` gives the same weights.
"""


def recipes(run: Run, done: Adapted) -> Step | None:
    """Make the folder ``replay`` in a step; None where the rows cannot be written as messages, or the steps differ in size."""
    ask, field, taken = done.ask.learn, done.field, done.taken
    counts = np.bincount(taken["step"])
    if len(np.unique(counts)) > 1:
        return None
    source, batch = field.ground.source.table, int(counts[0])
    rows = field.ground.alive[taken["row"]]

    def make(folder: Path) -> None:
        place = folder / FOLDER
        write(source, rows, place / DATA, format="messages")
        trainer_files(place, data_file=DATA, format="messages", dialects=["messages"])
        entry = yaml.safe_load((place / AXOLOTL).read_text())
        texts = {
            LLAMA_FACTORY: _yaml(llama_factory(ask, len(counts), batch)),
            AXOLOTL: _yaml({**entry, **axolotl(ask, len(counts), batch)}),
            "README.md": _SAID.format(
                data=DATA, batch=batch, steps=len(counts), llama=LLAMA_FACTORY, axolotl=AXOLOTL, run=run.path
            ),
        }
        for name in ("train_trl.py", "TRAINING.md"):  # these shuffle
            disk.remove(place / name)
        for name, text in texts.items():
            disk.write(place / name, text.encode())

    try:
        return run.step("replay", {"final": done.learnt.final.fingerprint, "out": str(run.path)}, make)
    except InputError:
        return None


def llama_factory(ask: LearnAsk, steps: int, batch: int) -> dict[str, object]:
    """Return a configuration of LLaMA-Factory that takes the rows of ``replay.jsonl`` in order, ``batch`` a step."""
    final = ask.final
    adapters = {"finetuning_type": "lora", "lora_rank": final.lora, "lora_alpha": SCALE * (final.lora or 0)}
    return {
        "model_name_or_path": str(ask.base),
        "stage": "sft",
        "do_train": True,
        **({**adapters, "lora_target": "all"} if final.lora else {"finetuning_type": "full"}),
        "dataset_dir": ".",
        "dataset": DATASET,
        "cutoff_len": final.max_length,
        "packing": False,
        "disable_shuffling": True,
        "overwrite_cache": True,
        "output_dir": "model",
        "per_device_train_batch_size": batch,
        "gradient_accumulation_steps": 1,
        "max_steps": steps,
        "learning_rate": final.lr,
        "lr_scheduler_type": _schedule(final.schedule),
        "warmup_steps": int(final.warmup * steps),
        "weight_decay": final.weight_decay,
        "max_grad_norm": final.clip,
        "seed": _seed(ask),
        "logging_steps": 1,
        "report_to": "none",
    }


def axolotl(ask: LearnAsk, steps: int, batch: int) -> dict[str, object]:
    """Return the rest of a configuration of Axolotl, beside ``datasets``, to the same end."""
    final = ask.final
    adapters = {"adapter": "lora", "lora_r": final.lora, "lora_alpha": SCALE * (final.lora or 0)}
    return {
        "base_model": str(ask.base),
        **({**adapters, "lora_target_linear": True} if final.lora else {}),
        "shuffle_merged_datasets": False,
        "curriculum_sampling": True,
        "dataset_exact_deduplication": False,
        "sample_packing": False,
        "val_set_size": 0,
        "sequence_len": final.max_length,
        "excess_length_strategy": "truncate",
        "output_dir": "model",
        "micro_batch_size": batch,
        "gradient_accumulation_steps": 1,
        "max_steps": steps,
        "optimizer": "adamw_torch",
        "learning_rate": final.lr,
        "lr_scheduler": _schedule(final.schedule),
        "warmup_steps": int(final.warmup * steps),
        "weight_decay": final.weight_decay,
        "max_grad_norm": final.clip,
        "seed": _seed(ask),
    }


def _schedule(name: str) -> str:
    return "constant_with_warmup" if name == "constant" else name


def _seed(ask: LearnAsk) -> int:
    return ask.seed % 2**31


def _yaml(told: dict[str, object]) -> str:
    text: str = yaml.safe_dump(told, sort_keys=False)
    return text
