"""A policy's start: probes of a real model, the regression on them, random first steps, and what PPO makes of all that."""

from pathlib import Path

import numpy as np
import pytest
from tests.adaptation.world import World

torch = pytest.importorskip("torch")

from cuvee import rng  # noqa: E402
from cuvee.adaptation import ppo  # noqa: E402
from cuvee.adaptation.feed import Picked, Picking  # noqa: E402
from cuvee.adaptation.folder import Policy  # noqa: E402
from cuvee.adaptation.networks import Acquisition  # noqa: E402
from cuvee.adaptation.probing import Probe, probes  # noqa: E402
from cuvee.adaptation.regression import fit, standardised  # noqa: E402
from cuvee.models import causal, forward, meter  # noqa: E402
from cuvee.render import Encoded  # noqa: E402


def row(*ids: int) -> Encoded:
    return Encoded(np.array(ids, dtype=np.int32), np.array([False, *[True] * (len(ids) - 1)]))


def test_a_probe_is_one_step_and_leaves_the_model_as_it_was(tiny_model: Path) -> None:
    model = causal.load(tiny_model)
    goal, other = row(5, 9, 9, 9, 9), row(6, 40, 41, 42, 43)

    def performance(_: object) -> float:
        return -float(forward.passes(model, [goal]).mean_loss[0])

    before = [weight.detach().clone() for weight in model.model.parameters()]
    probe = Probe(model, performance, 1e-3)
    with meter.metered() as spent:
        own, others = probe.worth(goal), probe.worth(other)
    assert own > others and own > 0  # a step on the goal itself helps it most
    assert all(torch.equal(a, b) for a, b in zip(before, model.model.parameters(), strict=True))
    assert (spent.forward, spent.backward) == (2 * 5 + 2 * 5, 2 * 5)  # each row once, and the goal after each
    steps = [Probe(model, performance, lr).worth(goal) for lr in (2e-5, 4e-5)]
    assert steps[1] == pytest.approx(2 * steps[0], rel=0.1)  # to first order, as far as the step goes


def test_the_regression_ranks_rows_that_it_has_not_seen() -> None:
    world, chance = World.make(rows=600), rng.stream(0, "probes")
    worth = (world.families == 0) + 0.3 * world.columns[:, 1] + 0.1 * chance.normal(size=600)
    at = chance.permutation(600)[:200]
    network = Acquisition(seed=0)
    told = fit(network, world.columns, at, worth[at], seed=0)
    assert (told.probes, told.held) == (160, 40) and told.correlation > 0.7
    scores = network.scores(world.columns, np.zeros(2, dtype=np.float32), np.zeros(600, dtype=np.float32))
    left = np.setdiff1d(np.arange(600), at)
    assert np.corrcoef(scores[left], worth[left])[0, 1] > 0.7
    again = Acquisition(seed=0)
    assert fit(again, world.columns, at, worth[at], seed=0) == told


def test_half_of_the_probes_are_near_the_goal_and_none_is_probed_twice() -> None:
    columns = rng.stream(1, "columns").normal(size=(100, 38)).astype(np.float32)
    at = probes(columns, 20, rng.stream(2, "probes"))
    nearest = np.argsort(-columns[:, 4:6].sum(axis=1))[:10]
    assert set(at[:10].tolist()) == set(nearest.tolist()) and len(set(at.tolist())) == 20
    assert sorted(probes(columns[:7], 20, rng.stream(2, "probes")).tolist()) == list(range(7))


def test_worth_is_standardised_and_odd_rows_do_not_rule() -> None:
    values = standardised(np.array([0.0] * 99 + [1e6]))
    assert values.max() <= 5 and standardised(np.zeros(4)).tolist() == [0.0] * 4


@pytest.mark.parametrize("seed", [None, 4])
def test_the_first_steps_take_random_rows_and_the_policy_learns_nothing_from_them(seed: int | None) -> None:
    world = World.make(rows=300)
    policy = Policy.fresh(world.basis, seed=1)
    picking = Picking(4, 10, 1, seed, 1, random=3, chance=8)
    feed = Picked(world.rows(), policy, picking, start=-3.0)
    world.train(feed, 10, seed=0)
    other = Picked(world.rows(), policy, Picking(4, 10, 1, seed, 1, random=3, chance=9), start=-3.0)
    assert [feed.next(0).tolist(), other.next(0).tolist()][0] != other.next(0).tolist()
    episode = feed.episode()
    assert episode.blind == 3
    rewards = np.zeros(10)
    rewards[:3] = 5.0  # what the random steps earned
    paid = ppo.Episode(episode.rows, episode.stages, episode.picks, rewards, 1, blind=10)
    before = [weight.clone() for weight in policy.network.parameters()]
    ppo.update(policy.network, policy.critic, ppo.Experience(paid, [], 1.0), ppo.Learner(), seed=0)
    assert all(torch.equal(a, b) for a, b in zip(before, policy.network.parameters(), strict=True))


def test_an_episode_that_did_better_than_the_earlier_ones_makes_all_its_picks_likelier() -> None:
    """Every decision of it is paid alike, so within the episode there is nothing to tell them apart."""
    world = World.make(rows=60)
    policy, rows = Policy.fresh(world.basis, seed=1), world.rows()
    picks = [[np.array([at, at + 1])] for at in range(0, 8, 2)]
    episode = ppo.Episode(rows, np.zeros((4, 2), dtype=np.float32), picks, np.full(4, 1.0))
    poor = (episode.states(episode.taken()), np.full(4, 0.0))
    settings = ppo.Learner(discount=0.0, entropy=0.0)
    ppo.update(policy.network, policy.critic, ppo.Experience(episode, [poor] * 3, 1.0), settings, seed=0)
    scores = policy.network.scores(rows.columns, np.zeros(2, dtype=np.float32), np.zeros(60, dtype=np.float32))
    assert scores[:8].mean() > scores[8:].mean()
