"""Successive halving: as many trainings as were asked for, and a planted best recipe that it finds."""

from functools import partial

import numpy as np
import pytest

from cuvee.arrays import F64
from cuvee.exploration.halving import halve, schedule


@pytest.mark.parametrize("trials", range(2, 60))
def test_a_schedule_takes_no_more_trainings_than_there_are_and_hardly_fewer(trials: int) -> None:
    rungs = schedule(trials)
    total = sum(rung.recipes for rung in rungs)
    assert trials - 1 <= total <= trials
    assert [rung.seed for rung in rungs] == list(range(len(rungs)))
    widths = [rung.recipes for rung in rungs]
    assert widths == sorted(widths, reverse=True) and widths[-1] >= 2
    assert trials < 7 or len(rungs) >= 2


def test_twenty_trials_are_thirteen_recipes_then_five_then_two() -> None:
    assert [rung.recipes for rung in schedule(20)] == [13, 5, 2]


def test_the_best_recipe_is_found_though_each_training_is_noisy() -> None:
    recipes = [f"r{at}" for at in range(13)]
    found = []

    def loss(noise: F64, recipe: str, at: int) -> float:
        return float(recipe != "r7") + float(noise[int(recipe[1:]), at])

    for seed in range(20):
        chance = np.random.default_rng(seed)
        tried = halve(recipes, schedule(20), partial(loss, chance.normal(0, 0.1, size=(13, 3))))
        found.append(tried.winner)
        assert len(tried.losses["r7"]) == 3 and sum(map(len, tried.losses.values())) == 20
    assert found == ["r7"] * 20


def test_a_recipe_that_cannot_be_tried_loses_and_is_named() -> None:
    tried = halve(
        ["a", "b", "c"], schedule(5), lambda recipe, at: "no tasks" if recipe == "a" else float(recipe == "b")
    )
    assert tried.winner == "c" and tried.failed == {"a": "no tasks"} and tried.order == ["c", "b"]
