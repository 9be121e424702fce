"""What ``cuvee distill train`` was asked, bound and checked before anything runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cuvee import budget as budgets
from cuvee import commands, names
from cuvee.budget import Budget
from cuvee.commands import Mistakes, Setting
from cuvee.distiller.grpo import Reinforcement
from cuvee.distiller.rewards import ALIGNED, Weighing
from cuvee.models import causal
from cuvee.models.generation import Sampling
from cuvee.models.place import ModelPlace
from cuvee.training.settings import Training


@dataclass(frozen=True, kw_only=True)
class ColdStartOptions:
    """The supervised start, as typed. lora: 0 trains all weights."""

    epochs: float
    lr: float
    batch: int
    max_length: int
    lora: int

    def training(self) -> Training:
        """Return the settings of a training. Raises ConfigError for what cannot be."""
        return Training(
            epochs=self.epochs, lr=self.lr, batch=self.batch, max_length=self.max_length, lora=self.lora or None
        )


@dataclass(frozen=True, kw_only=True)
class GrpoOptions:
    """The reinforcement, as typed."""

    grpo_steps: int
    group: int
    prompts: int
    temperature: float
    grpo_lr: float
    kl: float
    max_new_tokens: int

    def reinforcement(self) -> Reinforcement:
        """Return the settings of GRPO. Raises ConfigError for what cannot be."""
        return Reinforcement(
            steps=self.grpo_steps,
            group=self.group,
            prompts=self.prompts,
            temperature=self.temperature,
            lr=self.grpo_lr,
            kl=self.kl,
            longest=self.max_new_tokens,
        )


@dataclass(frozen=True, kw_only=True)
class RewardOptions:
    """What a reply is worth, as typed."""

    quality: float | None
    alignment: float | None
    format_weight: float | None
    aligned_by: str
    alike: float
    voters: int
    embedder: str | None


@dataclass(frozen=True, kw_only=True)
class DistillTrainOptions:
    """``cuvee distill train`` as typed."""

    corpus: Path
    model: str
    cold_start: ColdStartOptions
    grpo: GrpoOptions
    rewards: RewardOptions
    held_out: str | float
    judged: int
    place: ModelPlace = field(default_factory=ModelPlace)
    seed: int


@dataclass(frozen=True, kw_only=True)
class DistillTrainAsk:
    """A checked ``cuvee distill train``. model, base: what is trained, as named and as a folder. typed: every option.

    aligned_by: what alignment is told by. alike: cosine from which an answer counts as aligned with its reference. voters,
    embedder: of the library. judged: held-out examples that are answered at each stage, 0 for all.
    """

    corpus: Path
    model: str
    base: Path
    training: Training
    reinforcement: Reinforcement
    weights: Weighing
    aligned_by: str
    alike: float
    voters: int
    embedder: str | None
    held_out: Budget
    judged: int
    seed: int
    typed: Mapping[str, Setting]

    @property
    def sampling(self) -> Sampling:
        """How held-out replies are written: greedily."""
        return Sampling(max_new_tokens=self.reinforcement.longest)


def bind(options: DistillTrainOptions) -> DistillTrainAsk:
    """Check everything that can be checked without reading the corpus. Raises ConfigError for all mistakes at once."""
    wrong, asked = Mistakes(), options.rewards
    training = wrong.check(options.cold_start.training)
    reinforcement = wrong.check(options.grpo.reinforcement)
    weights = wrong.check(lambda: Weighing(asked.quality, asked.alignment, asked.format_weight))
    wrong.check(partial(names.find, ALIGNED, asked.aligned_by, "--aligned-by"))
    held_out = wrong.check(lambda: budgets.parse(options.held_out))
    options.place.check(wrong)
    base = wrong.check(lambda: causal.folder_of(options.model))
    wrong.stop()
    return DistillTrainAsk(
        corpus=Path(options.corpus),
        model=options.model,
        base=base,
        training=training,
        reinforcement=reinforcement,
        weights=weights,
        aligned_by=asked.aligned_by,
        alike=asked.alike,
        voters=asked.voters,
        embedder=asked.embedder,
        held_out=held_out,
        judged=options.judged,
        seed=options.seed,
        typed=commands.settings("distill train", options),
    )
