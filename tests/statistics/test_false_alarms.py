"""A/A tests: arms that do not differ are told apart no more often than the stated 5 %."""

from dataclasses import replace
from functools import partial
from math import sqrt

import numpy as np
import pytest

from cuvee import rng
from cuvee.statistics import ArmResults, Comparison, compare
from cuvee.statistics.simulation import World, false_alarms, ours

RATE = 0.05
WORLDS = {
    "normal, 3 seeds, 1 arm": World(),
    "skewed, 5 seeds, 3 arms": World(arms=3, seeds=5, kind="skewed", questions=60),
    "binary, 3 seeds, 5 arms": World(arms=5, kind="binary", questions=100),
    "only runs vary, unevenly": World(arms=3, questions=30, runs=1.0, questions_spread=0.0, both=0.05, uneven=3.0),
    "only questions vary": World(arms=5, seeds=5, questions=40, runs=0.0, questions_spread=1.0, both=0.01),
    "groups of 4": World(together=4, runs=0.05, questions_spread=1.0, both=0.3),
    "groups of 10": World(together=10, runs=0.05, questions_spread=1.0, both=0.3),
    "groups of 4 over several tasks": World(
        questions=200, together=4, across=True, runs=0.05, questions_spread=1.0, both=0.3
    ),
}


def most(times: int) -> float:
    """Return what a rate of 5 % is exceeded by once in 1,000 simulations of this length."""
    return RATE + 3.1 * sqrt(RATE * (1 - RATE) / times)


@pytest.mark.parametrize("name", WORLDS)
def test_false_alarms_keep_to_their_rate(name: str) -> None:
    found = false_alarms(WORLDS[name], 300, judge=partial(ours, draws=300), rng=rng.stream(0, "A/A", name))
    assert found <= most(300)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["normal", "skewed", "binary", "rare"])
@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize(("arms", "questions"), [(1, 30), (1, 500), (3, 100), (5, 30), (5, 300)])
@pytest.mark.parametrize("spread", [(0.0, 1.0, 0.05), (0.1, 0.3, 1.0), (0.3, 1.0, 0.3), (1.0, 0.0, 0.05)])
def test_false_alarms_keep_to_their_rate_everywhere(
    kind: str, seeds: int, arms: int, questions: int, spread: tuple[float, float, float]
) -> None:
    runs, of_questions, both = spread
    world = World(
        arms, seeds, questions, kind="binary" if kind == "rare" else kind, runs=runs, questions_spread=of_questions,
        both=both, rate=0.05 if kind == "rare" else 0.5,
    )  # fmt: skip
    stream = rng.stream(1, "A/A", kind, str(world))
    for uneven in (1.0, 3.0):
        assert false_alarms(replace(world, uneven=uneven), 1_000, judge=partial(ours, draws=300), rng=stream) <= most(
            1_000
        )


def test_a_difference_that_is_there_is_found_and_the_interval_covers_it() -> None:
    found = covered = 0
    for time in range(200):
        stream = rng.stream(time, "there")
        (random, other), labels, _ = World(seeds=3, questions=200, runs=0.02, both=0.5).draw(stream)
        better = ArmResults("x", other.values + 0.3, other.seeds)
        verdict = compare([random, better], labels, Comparison(better="higher", draws=300), rng=stream).verdicts[0]
        found += verdict.word == "beats"
        covered += abs(verdict.difference - 0.3) <= verdict.half_width
    assert found >= 180
    assert covered >= 180


def test_a_plain_bootstrap_over_three_seeds_cries_wolf() -> None:
    """Why runs are not resampled: what the field often does is wrong several times as often as it says."""

    def plain(arms: list[ArmResults], labels: list[str], _: list[str], stream: np.random.Generator) -> bool:
        D = arms[1].values - arms[0].values
        s, q = D.shape
        runs, questions = stream.integers(s, size=(400, s)), stream.integers(q, size=(400, q))
        means = [D[np.ix_(a, b)].mean() for a, b in zip(runs, questions, strict=True)]
        low, high = np.quantile(means, [0.025, 0.975])
        return not low <= 0 <= high

    world = World(tasks=1, runs=1.0, both=0.3)
    assert false_alarms(world, 200, judge=plain, rng=rng.stream(2, "plain")) > 0.12
    assert false_alarms(world, 200, rng=rng.stream(2, "ours")) <= most(200)


@pytest.mark.parametrize("together", [4, 10])
def test_groups_that_nobody_tells_of_cry_wolf(together: int) -> None:
    def each_by_itself(arms: list[ArmResults], labels: list[str], _: list[str], stream: np.random.Generator) -> bool:
        return ours(arms, labels, [str(at) for at in range(len(labels))], stream, draws=200)

    world = World(together=together, runs=0.05, questions_spread=1.0, both=0.3)
    assert false_alarms(world, 100, judge=each_by_itself, rng=rng.stream(3, "groups")) > 0.12
