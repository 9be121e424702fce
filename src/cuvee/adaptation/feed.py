"""A policy as a feed: it is told how good the model is after each step and says which rows come next.

Imports torch; import it late.
"""

from dataclasses import dataclass

import numpy as np

from cuvee import rng
from cuvee.adaptation.folder import Policy
from cuvee.adaptation.ppo import Episode
from cuvee.adaptation.sampling import open_rows, picks
from cuvee.adaptation.state import SeenRows, availability, fit_stage
from cuvee.arrays import F32, F64, I64
from cuvee.training.feeds import State
from cuvee.training.material import Reward as Performance


@dataclass(frozen=True)
class Picking:
    """per_cluster: rows that each cluster gives to a step. every: steps between decisions; one decision picks for all of them.
    steps: of the whole training. seed: of the draws, None takes the best rows. limit: how often a row may be taken while others
    are left, 0 for no limit. random: steps, from the first, whose rows are drawn alike; chance: the seed of these.
    """

    per_cluster: int
    steps: int
    every: int = 1
    seed: int | None = None
    limit: int = 0
    random: int = 0
    chance: int = 0

    def at_random(self, decision: int) -> bool:
        """Tell whether a decision takes rows without looking at them."""
        return decision * self.every < self.random


class Picked:
    """A feed whose rows a policy picks.

    ``observe`` is told the performance P(M_t) after every step (RAISE's reward is its difference); what it is told between
    decisions is not looked at. start: P(M_0). Rows are returned by their numbers in the pool. The draws of a decision depend
    on the seed, its number, and what was observed before, so two processes that observe the same pick the same.
    """

    def __init__(self, rows: SeenRows, policy: Policy, wanted: Picking, *, start: float) -> None:
        self.rows, self.policy, self.wanted = rows, policy, wanted
        self.batch = sum(min(wanted.per_cluster, len(members)) for members in rows.clusters)
        self.performance = [start]  # before the first decision, and after each one
        self.picks: list[list[I64]] = []  # per decision and cluster, rows of ``rows``
        self.scores: list[list[F32]] = []  # of these
        self.step = 0

    def next(self, step: int) -> I64:
        """Return the rows of a step, cluster by cluster, the best of each first."""
        self.step = step
        decision = step // self.wanted.every
        if decision == len(self.picks):
            self._decide(decision)
        parts = [picked[at] for picked, at in zip(self.picks[decision], self._turn(step), strict=True)]
        return self.rows.numbers[np.concatenate(parts)]

    def told(self, step: int) -> tuple[I64, F32]:
        """Return the cluster and the score of every row of a step that is done, in the order of ``next``."""
        decision, turns = step // self.wanted.every, self._turn(step)
        scores = [values[at] for values, at in zip(self.scores[decision], turns, strict=True)]
        labels = np.repeat(np.arange(len(turns)), [len(at) for at in turns])
        return labels.astype(np.int64), np.concatenate(scores)

    def _turn(self, step: int) -> list[I64]:
        """Return the places of a step's rows among its decision's picks, per cluster; a small cluster starts again."""
        decision, turn = divmod(step, self.wanted.every)
        b = self.wanted.per_cluster
        return [(turn * b + np.arange(min(b, len(picked)))) % len(picked) for picked in self.picks[decision]]

    def observe(self, step: int, reward: float) -> None:
        """Learn P(M_t); reward: that, as ``measured`` returns it."""
        if self.ends(step) and len(self.performance) == step // self.wanted.every + 1:
            self.performance.append(float(reward))

    def measured(self, performance: Performance) -> Performance:
        """Return the function that training calls after each step: it looks only where a decision ends."""
        return lambda model: performance(model) if self.ends(self.step) else self.performance[-1]

    def state(self) -> State:
        """Return the picks, scores and performances so far."""
        picks = [[picked.tolist() for picked in decision] for decision in self.picks]
        scores = [[values.tolist() for values in decision] for decision in self.scores]
        return {"performance": list(self.performance), "picks": picks, "scores": scores}

    def restore(self, state: State) -> None:
        """Go on as the feed that had this state."""
        self.performance = list(state["performance"])
        self.picks = [[np.array(picked, dtype=np.int64) for picked in decision] for decision in state["picks"]]
        self.scores = [[np.array(values, dtype=np.float32) for values in decision] for decision in state["scores"]]

    def scored(self, decision: int) -> F32:
        """Return (n,) the policy's scores of all rows at a decision, given the picks before it."""
        stage, taken = self.stage(decision), availability(self.counts(decision))
        return self.policy.network.scores(self.rows.columns, stage, taken)

    def stage(self, decision: int) -> F32:
        """Return (2,) the stage columns of a decision."""
        known = min(decision, len(self.performance) - 1)  # all are known where a trainer keeps to the order
        gained = self.performance[known] - self.performance[0]
        return self.policy.stage.columns(gained, decision * self.wanted.every / self.wanted.steps)

    def counts(self, decision: int) -> I64:
        """Return (n,) how often each row was picked before a decision."""
        counts = np.zeros(len(self.rows), dtype=np.int64)
        for picked in self.picks[:decision]:
            counts[np.concatenate(picked)] += 1
        return counts

    def turns(self, decision: int) -> int:
        """Return how many steps a decision is for: the last one may be for fewer."""
        return max(1, min(self.wanted.every, self.wanted.steps - decision * self.wanted.every))

    def open(self, decision: int, turns: int) -> list[I64]:
        """Return per cluster the rows that may be picked at a decision for so many steps."""
        counts, need = self.counts(decision), self.wanted.per_cluster * turns
        return [
            open_rows(members, counts, min(need, len(members)), self.wanted.limit) for members in self.rows.clusters
        ]

    def episode(self) -> Episode:
        """Return what was seen, for learning."""
        stages = np.stack([self.stage(decision) for decision in range(len(self.picks))])
        rewards: F64 = np.diff(np.array(self.performance))
        blind = sum(map(self.wanted.at_random, range(len(self.picks))))
        return Episode(self.rows, stages, self.picks, rewards, self.wanted.limit, blind)

    def _decide(self, decision: int) -> None:
        scores, seed = self.scored(decision), self.wanted.seed
        blind = self.wanted.at_random(decision)
        draw = self.wanted.chance if blind else seed
        chance = None if draw is None else rng.stream(draw, "decision", str(decision))
        turns = self.turns(decision)
        many = self.wanted.per_cluster * turns
        picked = picks(np.zeros_like(scores) if blind else scores, self.open(decision, turns), many, chance)
        self.picks.append(picked)
        self.scores.append([scores[members] for members in picked])

    def ends(self, step: int) -> bool:
        """Return whether a decision ends with this step."""
        return (step + 1) % self.wanted.every == 0 or step + 1 == self.wanted.steps


def learn_stage(policy: Policy, feed: Picked) -> None:
    """Fit the stage's scale and the rewards' scale where the policy has none: after its first episode."""
    gained = np.array(feed.performance) - feed.performance[0]
    if not policy.stage.scale:
        policy.stage = fit_stage(gained.tolist())
    if not policy.facts["scale"]:
        policy.facts["scale"] = float(np.std(np.diff(gained))) or 1.0
