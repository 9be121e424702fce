"""Reinforcement after the cold start: GRPO by trl, with rewards that are plain functions.

Of each prompt ``group`` replies are drawn; each is compared with the mean of its group (Shao et al., 2024). trl's default
loss is taken (token mean, "dapo"). vLLM writes the replies where it is installed and there is a GPU, transformers elsewhere.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from cuvee import disk
from cuvee.distiller.examples import Example, asked
from cuvee.distiller.rewards import Rewards, Weighing
from cuvee.errors import ConfigError
from cuvee.models import causal as models
from cuvee.models.causal import Causal
from cuvee.models.needs import need
from cuvee.progress import bar, say
from cuvee.rng import stream
from cuvee.runs import digest
from cuvee.training import checkpoints
from cuvee.training.checkpoints import Curve

if TYPE_CHECKING:
    from trl import GRPOConfig, GRPOTrainer

    from cuvee.distiller.following import RewardFollower


@dataclass(frozen=True)
class Reinforcement:
    """How to reinforce. Defaults are LM-Mixup's (arXiv 2510.20449).

    steps: optimiser steps. group: replies drawn per prompt. prompts: prompts of a step. temperature: of the draw. lr: constant.
    kl: weight of the divergence from the cold start; 0 needs no reference model. longest: tokens of a reply at most.
    save_every: steps between checkpoints.
    """

    steps: int = 100
    group: int = 4
    prompts: int = 2
    temperature: float = 1.0
    lr: float = 1e-6
    kl: float = 0.01
    longest: int = 512
    save_every: int = 25

    def __post_init__(self) -> None:
        """Raise ConfigError for a setting that cannot be."""
        if self.group < 2:
            raise ConfigError(f"a group of {self.group} replies has no mean to compare with", "give 2 or more")
        if (
            self.steps < 0
            or self.prompts < 1
            or self.temperature <= 0
            or self.lr < 0
            or self.kl < 0
            or self.longest < 1
        ):
            raise ConfigError(f"{self} cannot be done", "give numbers above 0")


@dataclass(frozen=True)
class Lesson:
    """What is reinforced: the prompts of these examples, and what a reply to one of them is worth."""

    examples: Sequence[Example]
    rewards: Rewards


def described(settings: Reinforcement) -> dict[str, float]:
    """Return the settings that decide the weights."""
    return {name: value for name, value in asdict(settings).items() if name != "save_every"}


def reinforce(causal: Causal, lesson: Lesson, settings: Reinforcement, folder: Path, *, seed: int) -> Curve:
    """Train ``causal.model`` in place and return the curve: per step the mean reward, its parts, those of each kind, and kl.

    folder: for checkpoints; called again with the same folder, training goes on from the last whole one. Raises
    MissingExtraError without trl, CuveeError, with the row's name, where a reward cannot be computed.
    """
    need("trl", "datasets", extra="rl", purpose="GRPO")
    from cuvee.distiller.following import RewardFollower
    from cuvee.training.guards import untouched

    weights = lesson.rewards.weights
    of = digest(
        [causal.version, [example.id for example in lesson.examples], described(settings), _of(lesson.rewards), seed]
    )
    found = checkpoints.last(folder, of)
    checkpoints.sweep(folder, found[0] if found else None)
    follower = RewardFollower(of, found[1]["curve"] if found else [])
    if found:
        say(f"going on from step {len(follower.curve)} of {settings.steps}")
    with (
        untouched(causal.model),
        bar("reinforcing", settings.steps, "steps", done=len(follower.curve)) as advance,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        follower.advance = advance
        trainer = _trainer(causal, lesson, _arguments(causal, weights, settings, folder, seed), follower)
        with disk.library(disk.folder(folder)):
            trainer.train(resume_from_checkpoint=str(found[0]) if found else None)
        trainer.accelerator.unwrap_model(trainer.model_wrapped, keep_fp32_wrapper=False)
    return list(follower.curve)


def _of(rewards: Rewards) -> list[object]:
    """Return what decides a reward beside its library."""
    weights = {kind: vars(its) for kind, its in rewards.weights.by_kind().items()}
    return [weights, rewards.by, rewards.threshold]


def _arguments(causal: Causal, weights: Weighing, settings: Reinforcement, folder: Path, seed: int) -> "GRPOConfig":
    from trl import GRPOConfig

    on_cpu = causal.device == "cpu"
    return GRPOConfig(
        output_dir=str(folder),
        max_steps=settings.steps,
        per_device_train_batch_size=settings.group,
        gradient_accumulation_steps=settings.prompts,
        num_generations=settings.group,
        max_completion_length=settings.longest,
        temperature=settings.temperature,
        learning_rate=settings.lr,
        lr_scheduler_type="constant",
        beta=settings.kl,
        reward_weights=[1.0] * len(weights.used),  # each function counts its part as the kind has it
        use_cpu=on_cpu,
        bf16=not on_cpu and models.fast_bf16(causal.device),  # trl would take bfloat16 on any CPU
        gradient_checkpointing=not on_cpu,
        use_vllm=not on_cpu and find_spec("vllm") is not None,
        seed=int(stream(seed, "grpo").integers(2**31)),
        logging_steps=1,
        save_steps=max(1, settings.save_every),
        save_total_limit=checkpoints.KEPT,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )


def _trainer(causal: Causal, lesson: Lesson, arguments: "GRPOConfig", follower: "RewardFollower") -> "GRPOTrainer":
    from datasets import Dataset
    from transformers import PrinterCallback
    from trl import GRPOTrainer

    rows = [
        {
            "prompt": asked(example.kind, example.variants),
            "kind": example.kind,
            "reference": example.answer,
            "variants": list(example.variants),
            "row": example.id,
        }
        for example in lesson.examples
    ]
    trainer = GRPOTrainer(
        model=causal.model,
        reward_funcs=[_function(name, lesson.rewards, follower) for name in lesson.rewards.weights.used],
        args=arguments,
        train_dataset=Dataset.from_list(rows),
        processing_class=causal.tokenizer,
        callbacks=[follower],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _function(name: str, rewards: Rewards, follower: "RewardFollower") -> Callable[..., list[float]]:
    """Return a reward as trl asks for it: completions and the columns of the examples -> one number each."""

    def reward(
        completions: list[list[dict[str, str]]],
        kind: list[str],
        reference: list[str],
        row: list[str],
        variants: list[list[str]],
        **_: object,
    ) -> list[float]:
        texts = [completion[0]["content"] for completion in completions]
        cases = [
            Example(name, its, tuple(weak), "", answer)
            for its, answer, name, weak in zip(kind, reference, row, variants, strict=True)
        ]
        counts = [float(getattr(rewards.weights.of(case.kind), name)) for case in cases]
        values = [
            rewards.part(name, case, text) if count else 0.0
            for case, text, count in zip(cases, texts, counts, strict=True)
        ]
        counted = [at for at, count in enumerate(counts) if count]
        follower.told(name, [kind[at] for at in counted], [values[at] for at in counted])
        return [count * value for count, value in zip(counts, values, strict=True)]

    reward.__name__ = name
    return reward
