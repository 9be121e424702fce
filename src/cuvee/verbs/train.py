"""``cuvee train``: supervised fine-tuning on a selection or any instruction data."""

from pathlib import Path
from typing import Any

from cuvee.commands import verb
from cuvee.result import Result


@verb("train")
def train(
    data: list[str],
    *,
    model: str = "smollm2-135m",
    epochs: float | None = None,
    steps: int | None = None,
    tokens: str | None = None,
    lr: float = 2e-5,
    schedule: str = "cosine",
    warmup: float = 0.03,
    batch: int = 16,
    max_length: int = 512,
    weight_decay: float = 0.0,
    clip: float = 1.0,
    lora: int = 0,
    micro_tokens: int | None = None,
    replay: bool = False,
    save_every: int = 100,
    columns: str = "",
    dialect: str | None = None,
    strict: bool = False,
    dry_run: bool = False,
    seed: int = 0,
    out: Path = Path("runs/train"),
) -> Result:
    """Fine-tune a model on what a run chose, or on any instruction data; the loss counts the answers' tokens only.

    Writes the weights (safetensors, with tokenizer and chat template) and a page with the loss curve. Killed and called
    again, it goes on from its last checkpoint, to the same weights as if it had not been killed.

    Parameters
    ----------
    data:
        A run folder of `cuvee select`, or files, folders, globs, "-" for standard input, or a hub id.
    model:
        What to start from: a folder, a name of `cuvee models list`, a .gguf file, or a hub id.
    epochs:
        Passes over the rows; may be a fraction. Default 3, where neither steps nor tokens are given.
    steps:
        Optimiser steps, in place of epochs.
    tokens:
        Tokens to read, in place of epochs: 2M.
    lr:
        Highest learning rate.
    schedule:
        How it falls: cosine, linear or constant.
    warmup:
        Share of the steps in which it rises.
    batch:
        Rows of an optimiser step.
    max_length:
        Tokens of a row that are read; a longer one loses its end, and is counted.
    weight_decay:
        AdamW's.
    clip:
        Highest norm of the gradient.
    lora:
        Rank of adapters that are trained in place of all weights; 0 trains all.
    micro_tokens:
        Padded tokens of one forward pass. Default: 2,048 on a CPU, 16,384 on a GPU.
    replay:
        Take the steps that a run of `cuvee adapt` recorded, row by row; with its settings, the same weights come out.
    save_every:
        Steps between checkpoints; 0 for none.
    columns:
        Where the columns have names of their own: "instruction=q,output=a".
    dialect:
        Read every row as this dialect.
    strict:
        Stop at the first row that cannot be read.
    dry_run:
        Count the tokens, measure the speed, say how long it would take, and stop.
    seed:
        Of all chance.
    out:
        The run folder.
    """
    typed: dict[str, Any] = dict(locals())
    from cuvee.training.run import run_train

    return run_train(**typed)
