"""Supervised fine-tuning: rendered rows -> weights, by a plain ``transformers.Trainer`` whose sampler asks a feed.

The loss is the mean over all answer tokens of an optimiser step, however the step is cut into micro-batches. The same rows,
settings, seed and machine kind give the same weights; a killed training, called again, goes on to them bit by bit.
"""

import math
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from cuvee import rng
from cuvee.errors import ConfigError, CuveeError, InputError
from cuvee.models import causal as models
from cuvee.models.causal import Causal
from cuvee.progress import bar
from cuvee.render import Encoded
from cuvee.runs import write_json
from cuvee.training.feeds import Feed, Shuffled

MICRO_TOKENS = {"cpu": 2_048, "cuda": 16_384}  # padded tokens of a micro-batch: small ones stay in a CPU's cache
CHECKPOINTS = "checkpoints"
WHOLE = "whole"  # the mark of a checkpoint that was written to its end
DONE = "training.json"


@dataclass(frozen=True)
class Training:
    """How to train. Exactly one of epochs, steps and tokens is the budget.

    epochs: passes over the rows. steps: optimiser steps. tokens: tokens read, padding not counted. lr: highest learning
    rate, reached after ``warmup`` (a share of all steps), then falling by ``schedule`` ("cosine", "linear", "constant").
    batch: rows of an optimiser step. max_length: tokens of a row that are read. lora: rank of adapters, None trains all
    weights. micro_tokens: padded tokens of a micro-batch, None by device. save_every: steps between checkpoints, 0 for none.
    Defaults are DiverseEvol's (arXiv 2311.08182).
    """

    epochs: float | None = None
    steps: int | None = None
    tokens: int | None = None
    lr: float = 2e-5
    batch: int = 16
    max_length: int = 512
    schedule: str = "cosine"
    warmup: float = 0.03
    weight_decay: float = 0.0
    clip: float = 1.0
    lora: int | None = None
    micro_tokens: int | None = None
    save_every: int = 100

    def __post_init__(self) -> None:
        """Raise ConfigError for a setting that cannot be."""
        if sum(budget is not None for budget in (self.epochs, self.steps, self.tokens)) != 1:
            raise ConfigError("training needs one budget", "give epochs, steps or tokens, one of them")
        for name in ("epochs", "steps", "tokens", "batch", "max_length"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigError(f"{name} is {value}", "give a number above 0")

    def updates(self, rows: int, mean_length: float) -> int:
        """Return the number of optimiser steps over so many rows of this mean length, at least one."""
        batch = min(self.batch, rows)
        if self.steps is not None:
            return self.steps
        if self.tokens is not None:
            return max(1, round(self.tokens / (mean_length * batch)))
        return max(1, math.ceil(round((self.epochs or 0) * rows / batch, 6)))


@dataclass(frozen=True)
class Trained:
    """What came out. model: the trained model, ready to be read or evaluated. folder: its weights, None where not written.

    curve: per optimiser step: step (1 = first), loss (nats per answer token, before the step), lr, grad_norm. tokens: tokens
    read, padding not counted. left_out: rows without an answer token, which cannot be learnt from.
    """

    model: Causal
    folder: Path | None
    curve: list[dict[str, float]]
    steps: int
    tokens: int
    left_out: int


def train(
    causal: Causal,
    rows: Sequence[Encoded],
    settings: Training,
    folder: Path | None,
    *,
    seed: int,
    feed: Feed | None = None,
) -> Trained:
    """Train a model in place and return it.

    folder: receives the weights (safetensors, with the tokenizer); called again with the same folder, training goes on from
    its last checkpoint, or returns at once where it is done. None keeps nothing on disk. feed: the rows of every step;
    None shuffles the rows that have an answer. Raises InputError where no row has an answer token, CuveeError where the
    loss is no longer a number.
    """
    if folder is not None and (folder / DONE).is_file():
        return _loaded(causal, folder)
    usable = np.array([at for at, row in enumerate(rows) if row.answer[1:].any()], dtype=np.int64)
    if not len(usable):
        raise InputError("no row has an answer token to learn from", "raise --max-length, or look at the rows' answers")
    mean = float(np.mean([len(rows[at]) for at in usable]))
    steps = settings.updates(len(usable), mean)
    asked = feed or _Among(usable, Shuffled(len(usable), settings.batch, seed=seed))
    size = min(settings.batch, len(usable)) if feed is None else len(asked.next(0))
    with _own_randomness():
        curve = _run(causal, rows, settings, folder, _Plan(asked, steps, size, mean, seed))
    tokens = sum(len(rows[row]) for step in range(steps) for row in asked.next(step))
    return _saved(causal, folder, curve, steps, tokens, len(rows) - len(usable))


@dataclass(frozen=True)
class _Plan:
    feed: Feed
    steps: int
    batch: int
    mean_length: float
    seed: int


class _Among:
    """A feed over some of the rows."""

    def __init__(self, rows: Any, feed: Feed) -> None:
        self.rows, self.feed = rows, feed

    def next(self, step: int) -> Any:
        """Return the rows of a step."""
        return self.rows[self.feed.next(step)]

    def observe(self, step: int, reward: float) -> None:
        """Hand on."""
        self.feed.observe(step, reward)


def _run(
    causal: Causal, rows: Sequence[Encoded], settings: Training, folder: Path | None, plan: _Plan
) -> list[dict[str, float]]:
    from transformers.trainer_callback import PrinterCallback, ProgressCallback

    from cuvee.training import loop

    checkpoints = folder / CHECKPOINTS if folder is not None and settings.save_every else None
    last = _last_checkpoint(checkpoints)
    sampler = loop.FeedSampler(plan.feed, plan.steps, plan.batch, [len(row) for row in rows])
    trainer = loop.make_trainer(causal, rows, settings, checkpoints, sampler, plan.seed)
    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    total = round(plan.steps * plan.batch * plan.mean_length)
    with bar("training", total, unit="tokens") as advance:
        trainer.add_callback(loop.Follower(sampler, plan.seed, advance, WHOLE))
        trainer.train(resume_from_checkpoint=None if last is None else str(last))
    causal.model.eval()
    entries = [entry for entry in trainer.state.log_history if "loss" in entry]
    names = {"step": "step", "loss": "loss", "learning_rate": "lr", "grad_norm": "grad_norm"}
    curve = [{new: float(entry[old]) for old, new in names.items() if old in entry} for entry in entries]
    wrong = next((entry for entry in curve if not math.isfinite(entry["loss"])), None)
    if wrong is not None:
        raise CuveeError(f"the loss is no longer a number at step {wrong['step']:.0f}", "lower the learning rate")
    return curve


def _last_checkpoint(folder: Path | None) -> Path | None:
    """Return the newest whole checkpoint, and remove those that a kill left half."""
    if folder is None or not folder.is_dir():
        return None
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
    for path in found:
        if not (path / WHOLE).is_file():
            shutil.rmtree(path)
    return next((path for path in reversed(found) if path.is_dir()), None)


def _saved(
    causal: Causal, folder: Path | None, curve: list[dict[str, float]], steps: int, tokens: int, left_out: int
) -> Trained:
    if folder is not None and models.is_first_process():
        folder.mkdir(parents=True, exist_ok=True)
        causal.model.save_pretrained(folder)
        causal.tokenizer.save_pretrained(folder)
        write_json(folder / DONE, {"curve": curve, "steps": steps, "tokens": tokens, "left_out": left_out})
        shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    return Trained(causal, folder, curve, steps, tokens, left_out)


def _loaded(causal: Causal, folder: Path) -> Trained:
    told = orjson.loads((folder / DONE).read_bytes())
    return Trained(models.load(folder, device=causal.device, dtype=models.precision_of(causal)), folder, **told)


@contextmanager
def _own_randomness() -> Iterator[None]:
    """Put the global random states back that a Trainer sets: Python's, numpy's and torch's."""
    import random

    import torch

    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002


def described(settings: Training) -> dict[str, Any]:
    """Return the settings that decide the weights, JSON-able: how often checkpoints are written does not."""
    return {name: value for name, value in asdict(settings).items() if name != "save_every"}


def step_seed(seed: int, step: int) -> int:
    """Return the seed of dropout in a step: a function of both, so that a resumed step draws what it would have drawn."""
    return int(rng.stream(seed, "step", str(step)).integers(2**31))
