"""What follows a reinforcement step by step: its curve, its bar, its chance, its checkpoints. Imports torch; import it late."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from cuvee.errors import CuveeError
from cuvee.progress import Advance
from cuvee.rng import stream
from cuvee.training import checkpoints
from cuvee.training.checkpoints import Curve

# what trl logs -> what the curve calls it
LOGGED = {
    "kl": "kl",
    "loss": "loss",
    "grad_norm": "grad_norm",
    "completions/mean_length": "tokens",
    "completions/clipped_ratio": "cut",
    "frac_reward_zero_std": "groups alike",
}


class RewardFollower(TrainerCallback):  # type: ignore[misc]
    """Keeps the curve, moves the bar, seeds every step and marks checkpoints as whole. of: what the training depends on."""

    def __init__(self, of: str, curve: Curve) -> None:
        self.of, self.curve = of, list(curve)
        self.advance: Advance = lambda done: None
        self._said: dict[str, list[float]] = {}

    def told(self, name: str, kinds: Sequence[str], values: Sequence[float]) -> None:
        """Take in the rewards of one batch, for the mean of every kind."""
        for kind, value in zip(kinds, values, strict=True):
            self._said.setdefault(f"{name}/{kind}", []).append(value)

    def _of(self, name: str) -> list[float]:
        return [value for key, values in self._said.items() if key.startswith(f"{name}/") for value in values]

    def on_step_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object) -> None:
        """Make a step's chance a function of the seed and its number."""
        torch.manual_seed(int(stream(args.seed, "step", str(state.global_step)).integers(2**31)))

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float],
        **_: object,
    ) -> None:
        """Take in a finished step. Raises CuveeError where its reward is no number."""
        if "reward" not in logs:
            return
        if not np.isfinite(logs["reward"]):
            raise CuveeError(f"the reward is no longer a number at step {state.global_step}", "lower the learning rate")
        names = dict.fromkeys(name.partition("/")[0] for name in sorted(self._said))
        parts = {name: float(np.mean(self._of(name))) for name in names}
        kinds = {name: float(np.mean(values)) for name, values in sorted(self._said.items())}
        self._said.clear()
        rest = {name: float(logs[key]) for key, name in LOGGED.items() if logs.get(key) is not None}
        self.curve.append({"step": state.global_step, "reward": float(logs["reward"]), **rest, **parts, **kinds})
        self.advance(1)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object) -> None:
        """Mark the checkpoint that was just written."""
        checkpoints.mark(Path(args.output_dir) / f"checkpoint-{state.global_step}", self.of, {"curve": self.curve})
