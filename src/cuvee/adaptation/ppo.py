"""Proximal policy optimisation (Schulman et al., 2017) for picks in clusters: one clipped ratio per cluster.

Imports torch; import it late.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cuvee.adaptation.networks import Acquisition, Critic, aligned
from cuvee.adaptation.sampling import entropy, log_probability, open_rows
from cuvee.adaptation.state import COLUMNS, SeenRows, availability
from cuvee.arrays import F32, F64, I64
from cuvee.rng import stream


@dataclass(frozen=True)
class Learner:
    """discount: of the next decision's reward. trace: lambda of GAE. clip: how far a ratio may leave 1. entropy: weight of
    the bonus. lr, critic_lr: of Adam. epochs: passes over an episode's decisions. decisions: of one update, at most.
    """

    discount: float = 0.7
    trace: float = 0.9
    clip: float = 0.5
    entropy: float = 0.003
    lr: float = 5e-3
    critic_lr: float = 3e-3
    epochs: int = 6
    decisions: int = 16
    critic_epochs: int = 60


@dataclass(frozen=True)
class Episode:
    """One training that was watched. D decisions.

    stages: (D, 2) as the policy saw them. picks: per decision and cluster the ordered rows. rewards: (D,). limit: how often a
    row could be taken, see ``sampling.open_rows``. blind: decisions, from the first, that were no choice of the policy.
    """

    rows: SeenRows
    stages: F32
    picks: Sequence[Sequence[I64]]
    rewards: F64
    limit: int = 0
    blind: int = 0

    def counts(self) -> Iterator[I64]:
        """Yield for each decision (n,) how often each row was taken before; the array is used again for the next."""
        counts = np.zeros(len(self.rows), dtype=np.int64)
        for picked in self.picks:
            yield counts
            counts[np.concatenate(picked)] += 1

    def taken(self) -> F32:
        """Return (D, n) the availability column before each decision."""
        return np.stack([availability(counts) for counts in self.counts()])

    def open(self) -> list[list[I64]]:
        """Return per decision and cluster the rows that could be picked, ascending."""
        return [
            [
                open_rows(members, counts, len(picked), self.limit)
                for members, picked in zip(self.rows.clusters, decision, strict=True)
            ]
            for decision, counts in zip(self.picks, self.counts(), strict=True)
        ]

    def states(self, taken: F32) -> F32:
        """Return (D, 39) what the critic sees: the mean of every column over the rows."""
        means = np.broadcast_to(self.rows.columns.mean(axis=0), (len(self.picks), self.rows.columns.shape[1]))
        found = np.hstack([self.stages, means, taken.mean(axis=1, keepdims=True)]).astype(np.float32)
        assert found.shape[1] == len(COLUMNS)
        return found


def returns(rewards: F64, discount: float) -> F64:
    """Return (D,) sums of discounted rewards from each decision to the end."""
    found, total = np.empty(len(rewards)), 0.0
    for at in range(len(rewards) - 1, -1, -1):
        total = rewards[at] + discount * total
        found[at] = total
    return found


def advantages(rewards: F64, values: F64, *, discount: float, trace: float) -> F64:
    """Return (D,) generalised advantage estimates (Schulman et al., 2016).

    A_t = sum over l of (discount * trace)^l * d_(t+l), with d_t = r_t + discount * V_(t+1) - V_t. values: (D,), the critic's
    of the state before each decision; after the last one nothing follows.
    """
    errors = rewards + discount * np.append(values[1:], 0.0) - values
    return returns(errors, discount * trace)


def clipped(ratio: Tensor, advantage: Tensor, clip: float) -> Tensor:
    """Return PPO's objective, elementwise: min(ratio * A, ratio cut to [1 - clip, 1 + clip] * A); higher is better."""
    return torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage)


@dataclass(frozen=True)
class Told:
    """What an update did. explained: share of the variance of returns that the critic knew, before it saw them as a part of
    its training; NaN where they do not vary. moved: mean of (ratio - 1) - log ratio over decisions and clusters after the
    update, an estimate of the KL divergence. entropy: mean of ``sampling.entropy`` before the update. clipped: share of
    ratios that ended outside.
    """

    explained: float
    moved: float
    entropy: float
    clipped: float


@dataclass(frozen=True)
class Experience:
    """What an update learns from. scale: the unit of all rewards.

    earlier: critic states and rewards of the episodes before, which the critic goes on learning from.
    """

    episode: Episode
    earlier: Sequence[tuple[F32, F64]]
    scale: float


def update(network: Acquisition, critic: Critic, known: Experience, settings: Learner, *, seed: int) -> Told:
    """Learn from one episode, in place.

    The critic learns first, and the advantages are taken from what it then knows: with one episode per update an older
    critic would mostly tell the policy that training gets slower with time. Advantages are not centred within the episode:
    what it was worth beside the earlier ones counts too. Their unit is the spread of returns over all episodes so far.
    """
    episode, taken = known.episode, known.episode.taken()
    states, rewards = episode.states(taken), episode.rewards / known.scale
    aims = returns(rewards, settings.discount)
    explained = _explained(_values(critic, states), aims)
    seen = [(states, aims), *((then, returns(paid / known.scale, settings.discount)) for then, paid in known.earlier)]
    _fit_critic(critic, seen, settings)
    gains = advantages(rewards, _values(critic, states), discount=settings.discount, trace=settings.trace)
    gains = gains / (float(np.std(np.concatenate([wanted for _, wanted in seen]))) + 1e-8)
    return Told(explained, *_fit_policy(_Problem(network, episode, aligned(taken)), gains, settings, seed))


def _values(critic: Critic, states: F32) -> F64:
    with torch.inference_mode():
        values: F64 = critic(aligned(states)).double().numpy()
    return values


def _explained(values: F64, aims: F64) -> float:
    spread = float(aims.var())
    return 1 - float((aims - values).var()) / spread if spread > 0 else float("nan")


def _fit_critic(critic: Critic, seen: Sequence[tuple[F32, F64]], settings: Learner) -> None:
    states = aligned(np.concatenate([known for known, _ in seen]))
    aims = aligned(np.concatenate([wanted for _, wanted in seen]).astype(np.float32))
    optimiser = torch.optim.Adam(critic.parameters(), lr=settings.critic_lr, weight_decay=1e-3)
    for _ in range(settings.critic_epochs):
        optimiser.zero_grad()
        torch.nn.functional.mse_loss(critic(states), aims).backward()
        optimiser.step()


def _fit_policy(problem: "_Problem", gains: F64, settings: Learner, seed: int) -> tuple[float, float, float]:
    """Return moved, entropy and clipped, as ``Told`` says."""
    network, everything = problem.network, np.arange(problem.blind, len(gains), dtype=np.int64)
    if not len(everything):
        return float("nan"), float("nan"), float("nan")
    with torch.no_grad():
        before, spread = problem.log_probabilities(everything)  # of the decisions from ``blind`` on
    optimiser = torch.optim.Adam(network.parameters(), lr=settings.lr)
    chance, weights = stream(seed, "ppo"), aligned(gains.astype(np.float32))
    for _ in range(settings.epochs):
        for part in np.array_split(chance.permutation(everything), -(-len(everything) // settings.decisions)):
            now, varied = problem.log_probabilities(part)
            ratio = (now - before[part - problem.blind]).exp()
            objective = clipped(ratio, weights[part][:, None], settings.clip).mean() + settings.entropy * varied.mean()
            optimiser.zero_grad()
            (-objective).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
    with torch.no_grad():
        ratio = (problem.log_probabilities(everything)[0] - before).exp()
    moved = float((ratio - 1 - ratio.log()).mean())
    outside = float(((ratio - 1).abs() > settings.clip).float().mean())
    return moved, float(spread.mean()), outside


class _Problem:
    """The log-probabilities of an episode's picks as a function of the network's weights."""

    def __init__(self, network: Acquisition, episode: Episode, taken: Tensor) -> None:
        self.network, self.taken, self.blind = network, taken, episode.blind
        self.columns = aligned(episode.rows.columns)
        self.stages = aligned(episode.stages)
        self.clusters = len(episode.rows.clusters)
        self.choices = [  # per decision and cluster: the open rows, and the places of the picked ones among them
            [
                (torch.from_numpy(rows), torch.from_numpy(np.searchsorted(rows, picked)))
                for rows, picked in zip(*pair, strict=True)
            ]
            for pair in zip(episode.open(), episode.picks, strict=True)
        ]

    def log_probabilities(self, decisions: I64) -> tuple[Tensor, Tensor]:
        """Return (d, C) log-probabilities of what was picked at these decisions, and (d, C) entropies."""
        scores = self.network(self.network.read(self.columns), self.stages[decisions], self.taken[decisions])
        found, spread = [], []
        for line, decision in zip(scores, decisions.tolist(), strict=True):
            for rows, places in self.choices[decision]:
                within = line[rows]
                found.append(log_probability(within, places))
                spread.append(entropy(within))
        shape = (len(decisions), self.clusters)
        return torch.stack(found).reshape(shape), torch.stack(spread).reshape(shape)
