"""PPO: its parts against worked examples, and a planted task that it must solve."""

import numpy as np
import pytest
from tests.adaptation.world import World, learn

torch = pytest.importorskip("torch")

from cuvee.adaptation import ppo  # noqa: E402
from cuvee.adaptation.feed import Picked, Picking  # noqa: E402
from cuvee.adaptation.folder import Policy  # noqa: E402


def test_gae_is_that_worked_by_hand() -> None:
    """r = 1, 0, 2; V = 0.5, 1, -1; discount 0.9, lambda 0.5.

    d2 = 2 - (-1) = 3; d1 = 0 + 0.9 * (-1) - 1 = -1.9; d0 = 1 + 0.9 * 1 - 0.5 = 1.4.
    A2 = 3; A1 = -1.9 + 0.45 * 3 = -0.55; A0 = 1.4 + 0.45 * (-0.55) = 1.1525.
    """
    found = ppo.advantages(np.array([1.0, 0.0, 2.0]), np.array([0.5, 1.0, -1.0]), discount=0.9, trace=0.5)
    assert found.tolist() == pytest.approx([1.1525, -0.55, 3.0])


def test_gae_ends_are_one_step_errors_and_returns_less_values() -> None:
    rewards, values = np.array([0.3, -0.2, 0.9, 0.1]), np.array([0.1, 0.4, -0.3, 0.2])
    short = ppo.advantages(rewards, values, discount=0.8, trace=0.0)
    assert short.tolist() == pytest.approx((rewards + 0.8 * np.append(values[1:], 0) - values).tolist())
    whole = ppo.advantages(rewards, values, discount=0.8, trace=1.0)
    assert whole.tolist() == pytest.approx((ppo.returns(rewards, 0.8) - values).tolist())


def test_returns_are_discounted_sums() -> None:
    assert ppo.returns(np.array([1.0, 2.0, 4.0]), 0.5).tolist() == [3.0, 4.0, 4.0]


def test_the_objective_is_cut_only_where_it_would_gain() -> None:
    ratio, gain = torch.tensor([2.0, 0.2, 2.0, 0.2]), torch.tensor([1.0, 1.0, -1.0, -1.0])
    assert ppo.clipped(ratio, gain, 0.5).tolist() == pytest.approx([1.5, 0.2, -2.0, -0.5])


def test_an_update_makes_well_paid_picks_likelier() -> None:
    """Two decisions with different picks; the first is paid, the second is not."""
    world = World.make(rows=60)
    policy = Policy.fresh(world.basis, seed=1)
    rows = world.rows()
    good, bad = np.array([3, 5]), np.array([10, 11])
    stages = np.zeros((2, 2), dtype=np.float32)
    episode = ppo.Episode(rows, stages, [[good], [bad]], np.array([1.0, -1.0]))
    ppo.update(policy.network, policy.critic, ppo.Experience(episode, [], 1.0), ppo.Learner(discount=0.0), seed=0)
    scores = policy.network.scores(rows.columns, stages[0], np.zeros(60, dtype=np.float32))
    assert scores[good].mean() > scores[bad].mean()


def test_updates_are_equal_for_equal_seeds_and_leave_torchs_generator_alone() -> None:
    world, found = World.make(rows=80), []
    before = torch.random.get_rng_state()
    for _ in range(2):
        policy = Policy.fresh(world.basis, seed=2)
        learn(world, policy, episodes=2, steps=6, settings=ppo.Learner(), seed=3)
        found.append({name: value.clone() for name, value in policy.network.state_dict().items()})
    assert all(torch.equal(found[0][name], found[1][name]) for name in found[0])
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("seed", [11, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (0, 1, 12))])
def test_it_solves_a_planted_task_that_random_picks_do_not(seed: int) -> None:
    """One family of twelve raises the performance; the last episodes take it at least 5 times its share.

    Seeds 0 and 1 were among those that the learner's defaults were chosen on; 11 and 12 were not.
    """
    world = World.make(seed=seed)
    share = float((world.families == 0).mean())
    policy = Policy.fresh(world.basis, seed=seed)
    shares = learn(world, policy, episodes=14, steps=30, settings=ppo.Learner(), seed=seed)
    assert shares[0] < 2 * share  # a fresh policy picks at random
    assert np.mean(shares[-2:]) >= 5 * share
    best = Picked(world.rows(), policy, Picking(4, 30), start=-3.0)
    assert world.train(best, 30, seed=seed) >= 5 * share
    unlearnt = Picked(world.rows(), Policy.fresh(world.basis, seed=seed), Picking(4, 30, seed=7), start=-3.0)
    assert world.train(unlearnt, 30, seed=seed) < 2 * share
