"""The recipes that a search draws: they are arms, they are different, and single methods stand first."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cuvee import recipes as files
from cuvee.exploration import space
from cuvee.exploration.asked import SearchAsk, SearchOptions
from cuvee.exploration.written import Writer
from cuvee.intake.asked import CleanOptions, PoolOptions
from cuvee.intake.sources import ReadOptions
from cuvee.proof.arms import parse

PLACE = space.Standing(rows=100, goal="goal.jsonl", distilled=None, tasks=3, largest=0.9)


@pytest.mark.parametrize("seed", range(5))
def test_recipes_are_arms_and_different_and_single_methods_stand_first(seed: int) -> None:
    found = space.recipes(PLACE, 30, np.random.default_rng(seed))
    assert len(set(found)) == len(found) == 30
    assert all(parse(arm).label == arm for arm in found)
    assert found[:6] == space.singles(PLACE) and space.singles(PLACE)[0] == "adapt:goal=goal.jsonl"
    assert {"chain", "mdit", "evolve", "adapt"} <= {arm.partition(":")[0] for arm in found}


def test_without_a_goal_no_method_with_one_is_drawn() -> None:
    place = replace(PLACE, goal=None)
    found = space.recipes(place, 40, np.random.default_rng(0)) + space.at_random(place, 40, np.random.default_rng(1))
    assert not any("adapt" in arm for arm in found)


def test_the_control_draws_every_kind_alike() -> None:
    found = space.at_random(PLACE, 100, np.random.default_rng(0))
    kinds = [arm.partition(":")[0] for arm in found]
    assert 10 <= kinds.count("chain") <= 60 and kinds.count("adapt") >= 3
    assert space.prior(PLACE)["adapt"] > space.prior(replace(PLACE, goal=None))["adapt"] == 0


@pytest.mark.parametrize("seed", range(4))
def test_every_recipe_can_be_written_as_steps_that_bind(seed: int, tmp_path: Path) -> None:
    import yaml

    writer = Writer(_ask(), rows=100, updates=7, folder="runs/winner")
    for arm in [*space.singles(PLACE), *space.recipes(PLACE, 25, np.random.default_rng(seed))]:
        path = tmp_path / "recipe.yaml"
        path.write_text(yaml.safe_dump(dict(writer.recipe(arm))))
        verbs = [verb for verb, _ in files.load(path)]
        assert verbs[-1] == ("adapt" if "adapt" in arm else "train"), arm
        assert ("interpolate" in verbs, "evolve" in verbs) == ("mdit" in arm, "evolve" in arm)
        assert len(verbs) == 1 + ("adapt" not in arm) + arm.startswith("chain")


def _ask() -> SearchAsk:
    read = ReadOptions(data=["pool"], columns="", dialect=None, strict=False)
    clean = CleanOptions(near=0.8, near_vectors="off", decontaminate=None, contamination=0.65, drop_truncated=False)
    options = SearchOptions(
        pool=PoolOptions(read=read, clean=clean, embedder="lexical", seed=0), budget="100", model="tiny", trials=20,
        goal="goal.jsonl", distilled=None, control=False, seeds=3, held_out="20%", level=0.95, epochs=3, lr=1e-3, batch=16,
        max_length=512, lora=0,
    )  # fmt: skip
    return SearchAsk(options=options, trials=20, goal="goal.jsonl", distilled=None, control=False, typed={})
