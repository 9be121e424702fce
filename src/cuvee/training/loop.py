"""The parts that plug a feed into an unpatched ``transformers.Trainer``: its sampler, its collator, and who follows it."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import Trainer, TrainerCallback, TrainingArguments

from cuvee.models.causal import Causal, fast_bf16
from cuvee.render import Encoded
from cuvee.training import sft
from cuvee.training.feeds import Feed

IGNORED = -100  # the label that the loss leaves out


class FeedSampler(torch.utils.data.Sampler[int]):  # type: ignore[misc]
    """Asks the feed for the rows of each step, from ``start`` on; inside a step rows go by length, to pad little."""

    def __init__(self, feed: Feed, steps: int, batch: int, lengths: Sequence[int]) -> None:
        self.feed, self.steps, self.batch, self.start = feed, steps, batch, 0
        self.lengths = np.asarray(lengths)

    def rows(self, step: int) -> list[int]:
        """Return the rows of a step, longest first."""
        rows = np.asarray(self.feed.next(step), dtype=np.int64)
        return [int(row) for row in rows[np.argsort(-self.lengths[rows], kind="stable")]]

    def __iter__(self) -> Iterator[int]:
        for step in range(self.start, self.steps):
            yield from self.rows(step)

    def __len__(self) -> int:
        return self.steps * self.batch


class FeedTrainer(Trainer):  # type: ignore[misc]
    """A Trainer whose rows come from a feed; only the sampler hook is its own."""

    feed_sampler: FeedSampler

    def _get_train_sampler(self, train_dataset: Any = None) -> FeedSampler:
        return self.feed_sampler


class Follower(TrainerCallback):  # type: ignore[misc]
    """Starts the sampler at the resumed step, seeds every step, advances the bar, marks whole checkpoints."""

    def __init__(self, sampler: FeedSampler, seed: int, advance: Callable[[int], None], mark: str) -> None:
        self.sampler, self.seed, self.advance, self.mark = sampler, seed, advance, mark

    def on_train_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Start where the checkpoint ended."""
        self.sampler.start = state.global_step
        for step in range(state.global_step):
            self._count(step)

    def on_step_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Seed the step."""
        torch.manual_seed(sft.step_seed(self.seed, state.global_step))

    def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Count the tokens that were read."""
        self._count(state.global_step - 1)

    def on_save(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Mark a checkpoint that is whole."""
        if state.is_world_process_zero:
            (Path(args.output_dir) / f"checkpoint-{state.global_step}" / self.mark).touch()

    def _count(self, step: int) -> None:
        self.advance(int(self.sampler.lengths[self.sampler.rows(step)].sum()))


class _Rows(torch.utils.data.Dataset[Encoded]):  # type: ignore[misc]
    def __init__(self, rows: Sequence[Encoded]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, row: int) -> Encoded:
        return self.rows[row]


def collate(rows: Sequence[Encoded], pad: int) -> dict[str, torch.Tensor]:
    """Return a batch padded on the right: input_ids, attention_mask, and labels that are IGNORED outside answers."""
    longest = max(len(row) for row in rows)
    ids = np.full((len(rows), longest), pad, dtype=np.int64)
    mask, labels = np.zeros_like(ids), np.full_like(ids, IGNORED)
    for at, row in enumerate(rows):
        ids[at, : len(row)], mask[at, : len(row)] = row.ids, 1
        labels[at, : len(row)] = np.where(row.answer, row.ids, IGNORED)
    parts = {"input_ids": ids, "attention_mask": mask, "labels": labels}
    return {name: torch.from_numpy(part) for name, part in parts.items()}


def make_trainer(
    causal: Causal,
    rows: Sequence[Encoded],
    settings: "sft.Training",
    checkpoints: Path | None,
    sampler: FeedSampler,
    seed: int,
) -> FeedTrainer:
    """Return the Trainer of these settings; micro-batches are as large as divides the step and fits ``micro_tokens``."""
    on_cpu = not causal.device.startswith("cuda")
    longest = max(len(row) for row in rows)
    budget = settings.micro_tokens or sft.MICRO_TOKENS["cpu" if on_cpu else "cuda"]
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    micro = micro_batch(sampler.batch, longest, budget, processes)
    arguments = TrainingArguments(
        output_dir=str(checkpoints or "unused"),
        max_steps=sampler.steps,
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=max(1, sampler.batch // (micro * processes)),
        learning_rate=settings.lr,
        lr_scheduler_type=settings.schedule,
        warmup_steps=math.ceil(settings.warmup * sampler.steps),
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.clip,
        save_strategy="steps" if checkpoints else "no",
        save_steps=settings.save_every or 1,
        save_total_limit=2,
        ignore_data_skip=True,  # the sampler itself starts at the right step
        seed=seed,
        use_cpu=on_cpu,
        bf16=not on_cpu and fast_bf16(causal.device),
        logging_steps=1,
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=not on_cpu,
    )
    trainer = FeedTrainer(
        model=causal.model,
        args=arguments,
        train_dataset=_Rows(rows),
        data_collator=lambda batch: collate(batch, causal.tokenizer.pad_token_id),
    )
    trainer.feed_sampler = sampler
    return trainer


def micro_batch(batch: int, longest: int, tokens: int, processes: int) -> int:
    """Return the rows of a micro-batch: the largest divisor of a process's share of the step within ``tokens``."""
    share = max(1, batch // processes)
    fits = max(1, tokens // longest)
    return max(size for size in range(1, share + 1) if share % size == 0 and size <= fits)
