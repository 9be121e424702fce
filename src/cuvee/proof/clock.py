"""How far a proof is, and how long it will take."""

import numpy as np

from cuvee.progress import say
from cuvee.proof.kinds import Arm
from cuvee.runs import Step
from cuvee.statistics.results import Questions


class Clock:
    """Says after each training how far the proof is and how long it will take."""

    def __init__(self, total: int, asked: Questions) -> None:
        self.total, self.asked, self.done, self.seconds, self.timed = total, asked, 0, 0.0, 0

    def tick(self, arm: Arm, seed: int, step: Step) -> None:
        """Count one finished step."""
        self.done += 1
        if arm.kind.chance:
            self.seconds, self.timed = self.seconds + step.seconds, self.timed + 1
        if step.reused:
            return
        loss = float(self.asked.means(np.load(step.path / "loss.npy")).mean())
        which = f"{arm.label}, seed {seed}" if arm.kind.chance else arm.label
        left = (self.total - self.done) * self.seconds / max(1, self.timed)
        ahead = f"; about {_duration(left)} left" if self.done < self.total and self.timed else ""
        say(f"{self.done}/{self.total}  {which}: held-out loss {loss:.4f}, {step.seconds:.1f} s{ahead}")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"
