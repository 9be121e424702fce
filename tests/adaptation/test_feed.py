"""A policy as a feed: the same rows however it was stopped, in every decision rhythm; and a policy as a folder."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.adaptation.world import World, learn

torch = pytest.importorskip("torch")

from cuvee.adaptation import (  # noqa: E402
    folder,
    ppo,
)
from cuvee.adaptation.feed import Picked, Picking  # noqa: E402
from cuvee.adaptation.folder import Policy  # noqa: E402
from cuvee.adaptation.importance import importance  # noqa: E402
from cuvee.errors import ConfigError  # noqa: E402


@pytest.fixture(scope="module")
def world() -> World:
    return World.make(rows=200)


@pytest.fixture(scope="module")
def policy(world: World) -> Policy:
    """Return a policy whose scores differ between rows and stages."""
    learnt = Policy.fresh(world.basis, seed=5, aux="tiny", aux_version="x")
    learn(world, learnt, episodes=3, steps=8, settings=ppo.Learner(), seed=1)
    return learnt


def performance(step: int) -> float:
    return -3.0 + 0.1 * float(np.sqrt(step + 1))


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("seed", [None, 9])
def test_it_goes_on_from_any_step_to_the_same_rows(world: World, policy: Policy, every: int, seed: int | None) -> None:
    def make() -> Picked:
        return Picked(world.rows(2), policy, Picking(3, 10, every, seed, 2), start=-3.0)

    whole, rows, states = make(), [], []
    for step in range(10):
        states.append(json.loads(json.dumps(whole.state())))
        rows.append(whole.next(step).tolist())
        assert whole.next(step).tolist() == rows[-1]  # asking twice changes nothing
        whole.observe(step, performance(step))
    for start in range(10):
        again = make()
        again.restore(states[start])
        for step in range(start, 10):
            assert again.next(step).tolist() == rows[step]
            again.observe(step, performance(step))
        assert again.state() == whole.state()


def test_what_was_observed_changes_what_comes_next(world: World, policy: Policy) -> None:
    feeds = [Picked(world.rows(1), policy, Picking(3, 10, seed=1), start=-3.0) for _ in range(2)]
    scores = []
    for feed, gain in zip(feeds, (0.0, 0.5), strict=True):
        feed.next(0)
        feed.observe(0, -3.0 + gain)
        scores.append(feed.scored(1))
    assert not np.array_equal(scores[0], scores[1])


def test_a_step_has_the_best_of_each_cluster_and_repeats_stop_at_the_limit(world: World, policy: Policy) -> None:
    rows = world.rows(3)
    feed = Picked(rows, policy, Picking(2, 12, limit=2), start=-3.0)
    for step in range(12):
        picked, (clusters, scores) = feed.next(step), feed.told(step)
        assert len(picked) == len(set(picked.tolist())) == feed.batch == 6
        for label, members in enumerate(rows.clusters):
            inside = np.isin(picked, members)
            assert np.array_equal(clusters[inside], [label] * 2) and np.all(np.diff(scores[inside]) <= 0)
        feed.observe(step, performance(step))
    assert feed.counts(12).max() == 2


def test_one_decision_serves_several_steps_without_a_row_twice(world: World, policy: Policy) -> None:
    feed = Picked(world.rows(2), policy, Picking(2, 7, every=3, seed=3), start=-3.0)
    asked: list[int] = []

    def look(model: object) -> float:
        asked.append(feed.step)
        return performance(feed.step)

    measured = feed.measured(look)
    steps = []
    for step in range(7):
        steps.append(feed.next(step))
        feed.observe(step, measured(None))
    assert asked == [2, 5, 6]  # the reward is looked at where a decision ends
    assert len(np.unique(np.concatenate(steps[:3]))) == 12
    assert len(feed.picks) == 3 and [len(part) for part in feed.picks[2]] == [2, 2]
    assert feed.episode().rewards.tolist() == pytest.approx(
        np.diff([-3.0, *(performance(at) for at in asked)]).tolist()
    )


def test_a_folder_gives_the_same_scores(world: World, policy: Policy, tmp_path: Path) -> None:
    folder.write(policy, tmp_path / "run/policy")
    for place in (tmp_path / "run", tmp_path / "run/policy"):
        again = folder.read(place)
        feeds = [Picked(world.rows(2), one, Picking(3, 10), start=-3.0) for one in (policy, again)]
        assert np.array_equal(feeds[0].scored(0), feeds[1].scored(0))
        assert again.facts == policy.facts and again.stage == policy.stage
    with pytest.raises(ConfigError, match="holds no policy"):
        folder.read(tmp_path)


def test_importance_is_zero_for_a_column_that_is_not_looked_at(world: World, policy: Policy, tmp_path: Path) -> None:
    folder.write(policy, tmp_path)
    blind = folder.read(tmp_path)
    with torch.no_grad():
        blind.network.layers[0].weight[:, [3, 40]] = 0.0  # the answer's length, the times taken
    feed = Picked(world.rows(2), blind, Picking(3, 6), start=-3.0)
    for step in range(6):
        feed.next(step)
        feed.observe(step, performance(step))
    found = importance(feed, np.random.default_rng(0))
    assert found["answer length"] == found["times taken"] == 0.0
    assert found["semantic (all 32)"] > 0.2
