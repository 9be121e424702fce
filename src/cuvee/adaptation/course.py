"""What every training of a run shares, an episode and the final run alike: the same base, rows, goal and kind of feed.

Imports torch; import it late.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from cuvee import rng
from cuvee.adaptation.asked import LearnAsk
from cuvee.adaptation.feed import Picked, Picking
from cuvee.adaptation.field import EpisodeField
from cuvee.adaptation.folder import Policy
from cuvee.adaptation.state import SeenRows
from cuvee.models import causal
from cuvee.training import sft
from cuvee.training.fresh import fresh
from cuvee.training.settings import Training


@dataclass(frozen=True)
class Course:
    """A run's trainings: what was asked, and the field they take place on."""

    ask: LearnAsk
    field: EpisodeField

    def depends(self) -> dict[str, object]:
        """Return what all steps of these trainings depend on."""
        ask, field = self.ask, self.field
        return {
            "ground": field.ground.fingerprint,
            "seen": field.seen.step.fingerprint,
            "goal": field.goal.fingerprint,
            "goal rows": [len(field.goal.validation), len(field.goal.test)],
            "base": causal.version_of(ask.base),
            "reward": asdict(ask.goal.reward),
            "per cluster": ask.per_cluster,
            "every": ask.every,
            "repeats": ask.repeats,
            "random start": ask.random_start,
            "seed": ask.seed,
        }

    def seed(self, number: int) -> int:
        """Return the seed of an episode; the final run counts as the one after the last."""
        return int(rng.stream(self.ask.seed, "adapt", "episode", str(number)).integers(2**31))

    def part(self, number: int) -> SeenRows:
        """Return the random rows that an episode picks from, at least as many as a step takes."""
        rows, ask = self.field.seen.rows, self.ask
        k = min(len(rows), max(ask.subset.rows(len(rows)), ask.training.batch))
        drawn = rng.stream(ask.seed, "adapt", "subset", str(number)).permutation(len(rows))[:k]
        return rows.some(drawn.astype(np.int64))

    def feed(self, rows: SeenRows, policy: Policy, training: Training, *, seed: int | None) -> Picked:
        """Return a policy's picks among these rows for one training. seed: of the draws, None takes the best rows."""
        ask = self.ask
        picking = Picking(
            per_cluster=ask.per_cluster,
            steps=training.steps or 0,
            every=ask.every,
            seed=seed,
            limit=ask.repeats,
            random=round(ask.random_start * (training.steps or 0)),
            chance=self.seed(ask.episodes) if seed is None else seed,
        )
        return Picked(rows, policy, picking, start=ask.goal.reward.sign * self.field.start["validation"])

    def train(self, feed: Picked, training: Training, folder: Path, *, seed: int) -> sft.Trained:
        """Train from the initial weights on what a feed picks; it is told how good the model is on the validation part."""
        model = fresh(self.ask.base, training, seed=self.ask.seed)
        reward = feed.measured(self.ask.goal.reward.performance(model, self.field.goal.validation))
        return sft.train(model, self.field.rows, training, folder, seed=seed, feed=feed, reward=reward)
