"""A synthetic training: the performance rises when rows of family 0 are taken, the faster the earlier."""

from dataclasses import dataclass

import numpy as np

from cuvee import rng
from cuvee.adaptation import ppo, state
from cuvee.adaptation.feed import Picked, Picking, learn_stage
from cuvee.adaptation.folder import Policy
from cuvee.arrays import F32, F64, I64


@dataclass(frozen=True)
class World:
    families: I64
    basis: state.Basis
    columns: F32

    @classmethod
    def make(cls, *, rows: int = 600, families: int = 12, seed: int = 0) -> "World":
        chance = rng.stream(seed, "world")
        family = chance.integers(families, size=rows)
        vectors = (chance.normal(size=(families, 16))[family] + 0.5 * chance.normal(size=(rows, 16))).astype(np.float32)
        prompts, answers = chance.integers(5, 50, rows), chance.integers(5, 50, rows)
        figures = state.difficulty(prompts, answers, chance.random(rows) * 3, chance.random(rows) * 4)
        figures = np.column_stack([figures, chance.random((rows, 2))]).astype(
            np.float32
        )  # of the goal: they say nothing
        basis = state.fit(figures, vectors)
        return cls(family.astype(np.int64), basis, basis.columns(figures, vectors))

    def rows(self, clusters: int = 1) -> state.SeenRows:
        return state.SeenRows.of(self.columns, state.cluster(self.columns, clusters, seed=0))

    def train(self, feed: Picked, steps: int, *, seed: int, noise: float = 0.005) -> float:
        """Return the share of family 0 among the rows that the feed gave."""
        chance, performance, shares = rng.stream(seed, "train"), -3.0, []
        for step in range(steps):
            shares.append(float((self.families[feed.next(step)] == 0).mean()))
            performance += 0.05 * (shares[-1] + 0.1) * np.exp(-step / steps) + noise * chance.normal()
            feed.observe(step, performance)
        return float(np.mean(shares))


def learn(world: World, policy: Policy, *, episodes: int, steps: int, settings: ppo.Learner, seed: int) -> list[float]:
    """Return the share of family 0 in each episode."""
    rows, shares = world.rows(), []
    earlier: list[tuple[F32, F64]] = []
    for number in range(episodes):
        chance = rng.stream(seed, "subset", str(number))
        part = rows.some(chance.permutation(len(rows))[: len(rows) // 2])
        feed = Picked(part, policy, Picking(4, steps, seed=1_000 * seed + number), start=-3.0)
        shares.append(world.train(feed, steps, seed=1_000 * seed + number))
        episode = feed.episode()
        scale = policy.facts["scale"] or float(np.std(episode.rewards))
        ppo.update(policy.network, policy.critic, ppo.Experience(episode, earlier, scale), settings, seed=number)
        earlier.append((episode.states(episode.taken()), episode.rewards))
        learn_stage(policy, feed)
    return shares
