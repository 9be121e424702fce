"""What a trainer that follows a feed is given: a sampler and a callback. Imports torch; import it late."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

import orjson
from torch import nn
from torch.utils.data import Sampler
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from cuvee.errors import ConfigError
from cuvee.runs import write_json
from cuvee.training.feeds import Feed
from cuvee.training.loop import agreed

STATE = "cuvee_feed.json"


@runtime_checkable
class Deciding(Protocol):
    """A feed that decides for several steps at once, from how good the model is."""

    def begin(self, performance: float) -> None:
        """Learn how good the model is before the first step."""

    def ends(self, step: int) -> bool:
        """Return whether what is observed after this step is looked at."""


@runtime_checkable
class JudgingFeed(Protocol):
    """A feed that knows what a model is to be good at."""

    def judge(self, model: nn.Module) -> float:
        """Return how good a model is, higher is better."""


class StepSampler(Sampler[int]):  # type: ignore[misc]
    """The rows of a feed, step after step. size: rows of a step, the same in each."""

    def __init__(self, feed: Feed, steps: int, size: int) -> None:
        self.feed, self.steps, self.size = feed, steps, size

    def __iter__(self) -> Iterator[int]:
        for step in range(self.steps):
            rows = self.feed.next(step)
            if len(rows) != self.size:
                raise ConfigError(f"the feed gives {len(rows)} rows at step {step + 1}, the trainer takes {self.size}")
            yield from rows.tolist()

    def __len__(self) -> int:
        return self.steps * self.size


class FeedCallback(TrainerCallback):  # type: ignore[misc]
    """Tells a feed what each step was worth, and keeps what it learnt beside every checkpoint.

    reward: the model -> how good it is; without it, minus the loss of the steps that the trainer logs.
    """

    def __init__(self, feed: Feed, reward: Callable[[nn.Module], float] | None) -> None:
        self.feed, self.reward, self.begun = feed, reward, False

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model: nn.Module, **_: object
    ) -> None:
        """Go on where a checkpoint was; look at the model before the first step."""
        kept = Path(args.output_dir) / f"checkpoint-{state.global_step}" / STATE
        if state.global_step and kept.is_file():
            self.feed.restore(orjson.loads(kept.read_bytes()))
            self.begun = True
        elif self.reward and isinstance(self.feed, Deciding):
            self._begin(self.reward(model))

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model: nn.Module, **_: object
    ) -> None:
        """Look at the model after a step, where that is wanted."""
        step = state.global_step - 1
        if self.reward and (not isinstance(self.feed, Deciding) or self.feed.ends(step)):
            self.feed.observe(step, agreed(self.reward(model)))

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, float] | None = None,
        **_: object,
    ) -> None:
        """Tell the loss of the last step, where there is no reward."""
        if self.reward is None and logs and "loss" in logs:
            if not self.begun:
                self._begin(-float(logs["loss"]))
            self.feed.observe(state.global_step - 1, agreed(-float(logs["loss"])))

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object) -> None:
        """Write what the feed learnt into the checkpoint that was just written."""
        if args.should_save:
            write_json(Path(args.output_dir) / f"checkpoint-{state.global_step}" / STATE, self.feed.state())

    def _begin(self, performance: float) -> None:
        self.begun = True
        if isinstance(self.feed, Deciding):
            self.feed.begin(agreed(performance))
