"""``cuvee train``: supervised fine-tuning on a selection or any instruction data."""

from pathlib import Path

from cuvee.result import Result
from cuvee.verbs import options as o
from cuvee.verbs.face import verb


@verb("train", example="cuvee train runs/select --model smollm2-135m", page="docs/training.md")
def train(
    data: list[str],
    *,
    model: o.Model = "smollm2-135m",
    epochs: float | None = None,
    steps: int | None = None,
    tokens: o.Tokens = None,
    lr: o.Lr = 2e-5,
    schedule: o.Schedule = "cosine",
    warmup: o.Warmup = 0.03,
    batch: o.Batch = 16,
    max_length: o.MaxLength = 512,
    weight_decay: float = 0.0,
    clip: float = 1.0,
    lora: o.Lora = 0,
    device: o.Device = None,
    precision: o.Precision = None,
    micro_tokens: int | None = None,
    packing: bool = False,
    replay: bool = False,
    save_every: o.SaveEvery = 100,
    report_to: str = "none",
    columns: o.Columns = "",
    dialect: o.Dialect = None,
    strict: o.Strict = False,
    keep_special: o.KeepSpecial = False,
    engine: o.Engine = "local",
    workers: o.Workers = None,
    dry_run: o.DryRun = False,
    replace: o.Replace = False,
    seed: o.Seed = 0,
    out: o.Out = Path("runs/train"),
) -> Result:
    """Fine-tune a model on what a run chose, or on any instruction data; the loss counts the answers' tokens only.

    Writes the weights (safetensors, with tokenizer and chat template) and a page with the loss curve. Killed and called
    again, it goes on from its last checkpoint, to the same weights as if it had not been killed.

    Parameters
    ----------
    data:
        A run folder of `cuvee select`, or files, folders, globs, "-" for standard input, or a hub id.
    epochs:
        Passes over the rows; may be a fraction. Default 3, where neither steps nor tokens are given.
    steps:
        Optimiser steps, in place of epochs.
    weight_decay:
        AdamW's.
    clip:
        Highest norm of the gradient.
    micro_tokens:
        Padded tokens of one forward pass. Default: 2,048 on a CPU, 16,384 on a GPU.
    packing:
        Lay the rows of a forward pass end to end, without padding; none sees another. The same loss, in less time where rows
        differ in length.
    report_to:
        Who else is told every step: tensorboard (files in the run folder), trackio, wandb, or none.
    replay:
        Take the steps that a run of `cuvee adapt` recorded, row by row; with its settings, the same weights come out.
    """
    from cuvee.intake.sources import ReadOptions
    from cuvee.models.place import ModelPlace
    from cuvee.training.asked import TrainOptions
    from cuvee.training.run import run_train

    options = TrainOptions(
        read=ReadOptions(data=data, columns=columns, dialect=dialect, strict=strict, keep_special=keep_special),
        model=model,
        epochs=epochs,
        steps=steps,
        tokens=tokens,
        lr=lr,
        schedule=schedule,
        warmup=warmup,
        batch=batch,
        max_length=max_length,
        weight_decay=weight_decay,
        clip=clip,
        lora=lora,
        micro_tokens=micro_tokens,
        packing=packing,
        replay=replay,
        save_every=save_every,
        report_to=report_to,
        place=ModelPlace(device=device, precision=precision),
        seed=seed,
    )
    with options.place.used():
        return run_train(options, out=out, dry_run=dry_run, replace=replace)
