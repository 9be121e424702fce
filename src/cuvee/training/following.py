"""A feed for somebody else's trainer: a plain ``transformers.Trainer``, TRL's ``SFTTrainer``, and what is built on these.

What is asked of the trainer are its own hooks: the train sampler, which says what comes next, and a callback, which tells the
feed what a step was worth and keeps what it learnt beside every checkpoint.
"""

from collections.abc import Callable, Sized
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from cuvee.errors import ConfigError, InputError
from cuvee.models.needs import need
from cuvee.result import Result
from cuvee.training.feeds import Feed, InOrder
from cuvee.training.replaying import replay

if TYPE_CHECKING:
    from torch import nn
    from transformers import Trainer

Run = str | PathLike[str] | Result


def follow(
    trainer: "Trainer",
    feed: Feed | Run,
    *,
    reward: "Callable[[nn.Module], float] | None" = None,
    steps: int | None = None,
) -> Feed:
    """Let a trainer that is not trained yet take its rows from a feed, and return that feed.

    feed: a run of ``cuvee adapt``, whose recorded steps are taken again: the trainer's data must be the run's selected rows,
    all and in order; or a feed over the rows of the trainer's data (``cuvee.policy_feed``, ``training.feeds``). reward: the
    model after a step -> how good it is, higher is better; None: what the feed judges by, else minus the loss that the
    trainer logs. steps: of the training; default: the recorded ones, else the trainer's ``max_steps``, which is set to it.
    A step takes per_device_train_batch_size x gradient_accumulation_steps rows on each process, and a feed must give as many.
    The trainer looks one batch ahead, so a feed that learns is asked for a step's first rows when the step before is not
    observed yet.
    Raises ConfigError where the sizes differ or the trainer packs rows, InputError where the data is not that of the run.
    """
    need("torch", "transformers", "accelerate", purpose="cuvee.follow")
    from cuvee.training.stepwise import FeedCallback, JudgingFeed, StepSampler

    followed = _replayed(trainer, feed) if isinstance(feed, str | PathLike | Result) else feed
    size = trainer.args.train_batch_size * trainer.args.gradient_accumulation_steps * trainer.args.world_size
    _check(trainer, followed, size)
    if steps is None and isinstance(followed, InOrder) and trainer.args.max_steps < 1:
        steps = len(followed.trajectory)
    if steps is not None:
        trainer.args.max_steps = steps
    if trainer.args.max_steps < 1:
        raise ConfigError("a feed has no end of its own", "give steps, or the trainer's max_steps")
    sampler = StepSampler(followed, trainer.args.max_steps, size)
    trainer._get_train_sampler = lambda *_: sampler  # the hook that TRL's maintainers name for this
    trainer.add_callback(
        FeedCallback(followed, reward or (followed.judge if isinstance(followed, JudgingFeed) else None))
    )
    return followed


def _replayed(trainer: "Trainer", run: Run) -> InOrder:
    """Return the recorded steps of a run. Raises InputError where the trainer has more rows than the run, or fewer."""
    folder = run.folder if isinstance(run, Result) else Path(run)
    data = trainer.train_dataset
    rows = len(data) if isinstance(data, Sized) else 0
    recorded = replay(folder, max(rows, 1))
    known = 1 + max(int(step.max()) for step in recorded.trajectory)
    if known != rows:
        raise InputError(
            f"the trainer has {rows:,} rows, the run {known:,}", "load the run's selected rows, all and in order"
        )
    return recorded


def _check(trainer: "Trainer", feed: Feed, size: int) -> None:
    if getattr(trainer.args, "packing", False):
        raise ConfigError("a trainer that packs rows has no rows to choose", "set packing=False")
    sizes = {len(step) for step in feed.trajectory} if isinstance(feed, InOrder) else {feed.batch}
    if sizes != {size}:
        given = " or ".join(map(str, sorted(sizes)))
        raise ConfigError(
            f"a step of the feed has {given} rows, one of the trainer {size}",
            "per_device_train_batch_size x gradient_accumulation_steps x processes must be that",
        )
