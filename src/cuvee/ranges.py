"""The range of every option that is a number: what it may be, of whichever verb, in one home."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from cuvee.errors import ConfigError

MOST = 10**12  # of rows, steps, tokens: more than any disk holds
LARGEST = 2**63 - 1  # a whole number that JSON, Arrow and the manifest hold


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``, ``low`` itself left out where it is ``above``."""

    low: float
    high: float
    above: bool = False

    def holds(self, value: float) -> bool:
        """Tell whether a number is in the range; NaN is in none."""
        return math.isfinite(value) and (self.low < value if self.above else self.low <= value) and value <= self.high

    def __str__(self) -> str:
        return f"{'above' if self.above else 'from'} {self.low:,} to {self.high:,}"


COUNT, SOME = Range(0, MOST), Range(1, MOST)  # from none, from one
SHARE, PART = Range(0, 1), Range(0, 1, above=True)
SIZE, RATE = Range(0, 1e6), Range(0, 1e3)
TOKENS = Range(1, 1_000_000)  # of one text: no model reads more

RANGES: Mapping[str, Range] = {
    "alignment": SIZE,
    "alike": PART,
    "alpha": Range(0, 1e6, above=True),
    "at_most": COUNT,
    "batch": SOME,
    "batch_tokens": SOME,
    "clip": Range(0, 1e6),
    "clusters": SOME,
    "contamination": SHARE,
    "draws": Range(0, 1_000),
    "episodes": Range(0, 1_000_000),
    "epochs": Range(0, 1e6, above=True),
    "every": SOME,
    "final_steps": COUNT,
    "format_weight": SIZE,
    "goal_rows": SOME,
    "good": Range(0, 5),
    "group": Range(2, 1_000_000),
    "grpo_lr": RATE,
    "grpo_steps": COUNT,
    "init": SOME,
    "judged": COUNT,
    "kl": SIZE,
    "largest": SOME,
    "level": Range(0.5, 0.999999),  # such as 0.95
    "limit": SOME,
    "distill corpus limit": COUNT,
    "lora": Range(0, 1_000_000),
    "lr": RATE,
    "max_length": TOKENS,
    "inspect max_length": Range(0, 1_000_000),
    "interpolate max_length": Range(2, 1_000_000),
    "select max_length": Range(0, 1_000_000),
    "max_new_tokens": TOKENS,
    "max_tokens_spent": SOME,
    "mean": COUNT,
    "merged": SHARE,
    "micro_tokens": SOME,
    "near": SHARE,
    "noisy": SHARE,
    "patience": COUNT,
    "per_cluster": SOME,
    "per_round": SOME,
    "probes": COUNT,
    "prompts": SOME,
    "random_start": SHARE,
    "quality": SIZE,
    "rating_scale": Range(1, 1_000),
    "real_share": SHARE,
    "repeats": COUNT,
    "rounds": COUNT,
    "row_mb": Range(0.001, 1_024),
    "rows": Range(1, 1_000_000),
    "save_every": COUNT,
    "seed": Range(0, LARGEST),
    "seeds": Range(1, 10_000),
    "share": SHARE,
    "smallest": SOME,
    "steps": SOME,
    "adapt steps": Range(2, MOST),
    "temperature": Range(0, 100),
    "distill train temperature": Range(0, 100, above=True),
    "top_p": PART,
    "trials": SOME,
    "trunk": Range(0, 10_000),
    "voters": SOME,
    "warmup": SHARE,
    "weight": SIZE,
    "weight_decay": SIZE,
    "whiten": COUNT,
}


def range_of(verb: str, option: str) -> Range | None:
    """Return the range of an option of a verb, None where it is no number."""
    return RANGES.get(f"{verb} {option}", RANGES.get(option))


def check(verb: str, given: Mapping[str, object]) -> None:
    """Raise one ConfigError for all numbers among these options that are out of their range."""
    wrong = []
    for option, value in given.items():
        range_ = range_of(verb, option)
        if range_ and isinstance(value, int | float) and not isinstance(value, bool) and not range_.holds(value):
            wrong.append((option.replace("_", "-"), value, range_))
    if len(wrong) == 1:
        option, value, range_ = wrong[0]
        raise ConfigError(f"{option} is {value}", f"give a number {range_}")
    if wrong:
        lines = [f"{option} is {value} (give a number {range_})" for option, value, range_ in wrong]
        raise ConfigError(f"{len(lines)} settings are wrong:\n  " + "\n  ".join(lines))
