"""What a comparison says, in a sentence."""

import math
from dataclasses import dataclass, field

from cuvee.statistics.planning import Spreads


@dataclass(frozen=True)
class Verdict:
    """One arm against the reference.

    difference: positive = the arm is better. half_width: of the interval around it. share_of_runs: how much of the squared
    half-width is t^2 times the spread between runs. questions, seeds: how many the comparison had. more_questions,
    more_seeds: how many more would tell, None where it is told already or where no number within reach would. once: whether
    no arm was trained twice, so that nothing is known of other seeds. spreads: what the next comparison can be planned by.
    """

    arm: str
    reference: str
    difference: float
    half_width: float
    share_of_runs: float = 0.0
    questions: int = 0
    seeds: int = 0
    more_questions: int | None = None
    more_seeds: int | None = None
    once: bool = False
    spreads: Spreads | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def word(self) -> str:
        """``beats``, ``loses`` or ``open``: the interval lies above zero, below it, or over it.

        ``ahead`` or ``behind`` where nothing was trained twice: such an interval is no claim about the arm.
        """
        if abs(self.difference) <= self.half_width:
            return "open"
        words = ("ahead", "behind") if self.once else ("beats", "loses")
        return words[self.difference <= 0]

    @property
    def sentence(self) -> str:
        """Return the verdict in plain words."""
        size, half = rounded(abs(self.difference), self.half_width)
        if self.word == "beats":
            return f"{self.arm} beats {self.reference} by {size} ± {half}"
        if self.word == "loses":
            return f"{self.arm} loses to {self.reference} by {size} ± {half}"
        if self.word != "open":
            side = "ahead of" if self.word == "ahead" else "behind"
            return (
                f"{self.arm} is {side} {self.reference} by {size} ± {half}, trained once each: another seed may turn it"
            )
        sign = "+" if self.difference >= 0 else "-"
        return f"{self.arm} is not distinguishable from {self.reference} (difference {sign}{size} ± {half}); {self._more()}"

    def _more(self) -> str:
        """Say what would tell; of two ways the one first that needs the smaller growth."""
        ways = [
            (count / max(1, had), f"{count:,} more {what}")
            for count, had, what in (
                (self.more_questions, self.questions, "questions"),
                (self.more_seeds, self.seeds, "seeds per arm"),
            )
            if count
        ]
        if not ways:
            return "no number of questions or seeds within reach would tell: if there is a difference, it is small"
        return f"about {' or '.join(text for _, text in sorted(ways))} would tell"


def rounded(size: float, half: float) -> tuple[str, str]:
    """Return a difference and its half-width as text, with two significant digits of the half-width."""
    scale = half if half > 0 and math.isfinite(half) else size
    digits = max(0, 1 - math.floor(math.log10(scale))) if scale > 0 else 1
    return f"{size:.{digits}f}", f"{half:.{digits}f}"
