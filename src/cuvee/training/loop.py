"""The training loop: a plain ``transformers.Trainer``, told by a feed which rows come next.

What differs from the library's class are its own hooks: the train sampler, and the loss where a plan brings one. Imports torch;
import it late.
"""

import math
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from accelerate import PartialState
from torch import Tensor, nn
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from cuvee import disk
from cuvee.errors import CuveeError
from cuvee.models.causal import Causal, fast_bf16
from cuvee.progress import Advance, bar, say
from cuvee.rng import stream
from cuvee.training import checkpoints
from cuvee.training.batches import FromStep, Passes, check_packs_apart
from cuvee.training.checkpoints import Curve
from cuvee.training.feeds import Feed
from cuvee.training.guards import unhurried, untouched
from cuvee.training.material import Loss, Material, Reward, Tensors
from cuvee.training.reporting import PROJECT
from cuvee.training.settings import MICRO_TOKENS, Training


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is trained on, and how long.

    material: what steps draw from; with a loss of its own its passes hold ``items``, what that is a mean over. of: hash of
    all that decides the result. checkpoints: their folder, or None for none. reward: told to the feed after every step;
    without it the feed is told minus the step's loss.
    """

    material: Material
    feed: Feed
    steps: int
    settings: Training
    seed: int
    of: str
    checkpoints: Path | None = None
    reward: Reward | None = None
    label: str = "training"


@dataclass
class Progress:
    """How far a training is. seconds: spent in all, over all calls."""

    curve: Curve
    seconds: float

    @property
    def tokens(self) -> int:
        """Tokens read."""
        return int(self.curve[-1]["tokens"]) if self.curve else 0

    @property
    def answers(self) -> float:
        """Answer tokens told, a blend's by their shares."""
        return self.curve[-1]["answers"] if self.curve else 0.0


def fit(causal: Causal, plan: Plan) -> Progress:
    """Train ``causal.model`` in place, from the last whole checkpoint if there is one; it is in eval mode afterwards.

    The global random generators are left as they were. Raises CuveeError where the loss is no number.
    """
    found = checkpoints.last(plan.checkpoints, plan.of) if plan.checkpoints else None
    progress = Progress([], 0.0)
    if found:
        progress = Progress(found[1]["curve"], found[1]["seconds"])
        plan.feed.restore(found[1]["feed"])
        say(f"going on from step {len(progress.curve)} of {plan.steps}")
    shown = bar(plan.label, _expected(plan), "tokens", done=progress.tokens)
    with _folder(plan) as folder, untouched(causal.model), unhurried(causal.model), shown as advance:
        trainer = _trainer(causal, plan, progress, folder, advance)
        if trainer.args.should_save and plan.checkpoints:
            checkpoints.sweep(plan.checkpoints, found[0] if found else None)
        trainer.train(resume_from_checkpoint=str(found[0]) if found else None)
        trainer.accelerator.unwrap_model(trainer.model_wrapped, keep_fp32_wrapper=False)
    return progress


class FeedTrainer(Trainer):  # type: ignore[misc]
    """A Trainer whose rows come from a feed, with a loss of the plan's where it has one; all by the library's own hooks."""

    def __init__(self, start: int, steps: int, loss: Loss | None, **settings: object) -> None:
        super().__init__(**settings)
        self._start, self._steps, self._loss = start, steps, loss
        self.loss_is_scaled_for_ga = True if loss else None  # it is divided by the items of the whole step

    def get_batch_samples(
        self, epoch_iterator: Iterator[Tensors], num_batches: int, device: torch.device
    ) -> tuple[list[Tensors], Tensor]:
        """Return the passes of a step and the items of all of them, over all processes."""
        passes, items = super().get_batch_samples(epoch_iterator, num_batches, device)
        if self._loss is not None:
            items = self.accelerator.gather(sum(one["items"] for one in passes).to(device)).sum()
        return passes, items

    def compute_loss(
        self, model: nn.Module, inputs: Tensors, return_outputs: bool = False, num_items_in_batch: Tensor | None = None
    ) -> Tensor:
        """Return the loss of a pass: the plan's where it has one, else the model's own."""
        if self._loss is None:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        loss = self._loss(model, inputs, num_items_in_batch)
        return loss * self.accelerator.num_processes  # whose mean is taken

    def _save_checkpoint(self, model: nn.Module, trial: object) -> None:
        with disk.library(Path(self.args.output_dir)):
            super()._save_checkpoint(model, trial)

    def _get_train_sampler(self, train_dataset: Passes | None = None) -> FromStep:
        return FromStep(self._start, self._steps, self.train_dataset.per_step)


def _trainer(causal: Causal, plan: Plan, progress: Progress, folder: Path, advance: Advance) -> FeedTrainer:
    settings = plan.settings
    arguments = _arguments(causal, plan, folder)
    budget = settings.micro_tokens or MICRO_TOKENS[causal.device.partition(":")[0]]
    if settings.packing:
        causal.model.config.use_cache = False  # with a cache no model looks where a row begins
        check_packs_apart(causal.model, np.arange(min(8, causal.model.config.vocab_size), dtype=np.int64))
    passes = Passes(plan.feed, plan.material, budget=budget, processes=arguments.world_size, packing=settings.packing)
    arguments.gradient_accumulation_steps = passes.count
    trainer = FeedTrainer(
        len(progress.curve),
        plan.steps,
        plan.material.loss,
        model=causal.model,
        args=arguments,
        train_dataset=passes,
        data_collator=lambda batch: batch[0],
        callbacks=[Follower(plan, passes, progress, advance)],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _arguments(causal: Causal, plan: Plan, folder: Path) -> TrainingArguments:
    settings = plan.settings
    on_cpu = causal.device == "cpu"
    arguments = TrainingArguments(
        output_dir=str(folder),
        max_steps=plan.steps,
        per_device_train_batch_size=1,  # one forward pass, which holds many rows
        learning_rate=settings.lr,
        lr_scheduler_type=settings.schedule if settings.schedule != "constant" else "constant_with_warmup",
        warmup_steps=int(settings.warmup * plan.steps),
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.clip,
        use_cpu=on_cpu,
        bf16=not on_cpu and fast_bf16(causal.device),
        fp16=False,
        seed=int(stream(plan.seed, "trainer").integers(2**31)),
        save_strategy="steps" if plan.checkpoints else "no",
        save_steps=settings.save_every or 1,
        save_total_limit=checkpoints.KEPT,
        ignore_data_skip=True,  # the sampler starts at the step that is next
        logging_steps=1,
        logging_nan_inf_filter=False,
        report_to=settings.report_to,
        project=PROJECT,
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=False,  # pinning would read batches ahead of their step
    )
    if arguments.n_gpu > 1:
        arguments._n_gpu = 1  # several GPUs in one process would split a pass; accelerate launch takes one process each
    return arguments


class Follower(TrainerCallback):  # type: ignore[misc]
    """Keeps the curve, moves the bar, tells the feed, seeds every step, and marks checkpoints as whole."""

    def __init__(self, plan: Plan, passes: Passes, progress: Progress, advance: Advance) -> None:
        self.plan, self.passes, self.progress, self.advance = plan, passes, progress, advance
        self.since = time.perf_counter() - progress.seconds

    def on_step_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object) -> None:
        """Make a step's chance (dropout) a function of the seed and its number, whatever was done before it."""
        here = stream(self.plan.seed, "step", str(state.global_step), str(args.process_index))
        seed = int(here.integers(2**31))
        torch.default_generator.manual_seed(seed)  # torch.manual_seed asks every kind of device and costs milliseconds
        if args.device.type == "cuda":
            torch.cuda.manual_seed(seed)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float],
        model: nn.Module,
        **_: object,
    ) -> None:
        """Take in a finished step. Raises CuveeError where its loss is no number."""
        if "loss" not in logs:
            return
        step, loss = state.global_step, float(logs["loss"])
        tokens = self.passes.tokens(step - 1)
        if not math.isfinite(loss):
            raise CuveeError(f"the loss is no longer a number at step {step}", "lower the learning rate")
        known = {"lr": logs["learning_rate"], "grad_norm": logs["grad_norm"]}
        answers = self.progress.answers + self.passes.answers(step - 1)
        so_far = {"tokens": self.progress.tokens + tokens, "answers": answers}
        self.progress.curve.append({"step": step, "loss": loss, **known, **so_far})
        self.progress.seconds = time.perf_counter() - self.since
        self.advance(tokens)
        self.plan.feed.observe(step - 1, agreed(self.plan.reward(model)) if self.plan.reward else -loss)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object) -> None:
        """Mark the checkpoint that was just written, once every process has written its part."""
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.barrier()
        if args.should_save:
            content = {"curve": self.progress.curve, "seconds": self.progress.seconds, "feed": self.plan.feed.state()}
            checkpoints.mark(Path(args.output_dir) / f"checkpoint-{state.global_step}", self.plan.of, content)


def agreed(reward: float) -> float:
    """Return what the first process found: a last bit that differs would let two processes choose other rows."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        found = [reward]
        torch.distributed.broadcast_object_list(found)
        return found[0]
    return reward


def wait() -> None:
    """Wait until every process is here."""
    PartialState().wait_for_everyone()


def _expected(plan: Plan) -> int:
    """Return about how many tokens the training reads."""
    lengths = plan.material.lengths
    return int(lengths.mean() * min(plan.feed.batch, len(lengths)) * plan.steps)


@contextmanager
def _folder(plan: Plan) -> Iterator[Path]:
    with nullcontext(plan.checkpoints) if plan.checkpoints else tempfile.TemporaryDirectory() as folder:
        yield disk.folder(Path(folder))
