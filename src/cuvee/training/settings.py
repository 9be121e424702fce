"""The settings of a training, and what they come to in updates."""

import math
from dataclasses import asdict, dataclass

from cuvee.errors import ConfigError

MICRO_TOKENS = {"cpu": 2_048, "cuda": 16_384}  # padded tokens of a micro-batch: small ones stay in a CPU's cache


@dataclass(frozen=True)
class Training:
    """How to train. Exactly one of epochs, steps and tokens is the budget.

    epochs: passes over the rows. steps: optimiser steps. tokens: tokens read, padding not counted. lr: highest learning
    rate, reached after ``warmup`` (a share of all steps, rounded down), then falling by ``schedule`` ("cosine", "linear",
    "constant"). batch: rows of an optimiser step, of all processes together. max_length: tokens of a row that are read.
    lora: rank of adapters, None trains all weights; it is the caller that adapts the model (``causal.with_lora``).
    trunk: lower layers that stay as they are and are read once per row (``models.trunk``); None trains all.
    micro_tokens: padded tokens of a forward pass, None by device; a step that needs more takes several passes. packing: whether
    the rows of a pass are laid end to end, without padding, each reading only itself. save_every: steps between checkpoints, 0
    for none. report_to: who else is told every step: "tensorboard", "trackio", "wandb" or "none". Defaults are DiverseEvol's
    (arXiv 2311.08182).
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
    trunk: int | None = None
    micro_tokens: int | None = None
    packing: bool = False
    save_every: int = 100
    report_to: str = "none"

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


def described(settings: Training) -> dict[str, float | str | None]:
    """Return the settings that decide the weights, JSON-able: checkpoints, who is told, and packing that is off do not."""
    silent = {"save_every", "report_to", *([] if settings.packing else ["packing"])}
    return {name: value for name, value in asdict(settings).items() if name not in silent}
