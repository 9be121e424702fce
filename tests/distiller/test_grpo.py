"""GRPO on the tiny model: it runs, its rewards are ours, it goes on after a stop, and a failing reward names its row."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("trl", reason="the base install has no trl")

from tests.distiller.easy import easy

from cuvee.distiller.bayes import build
from cuvee.distiller.examples import Example, Rated
from cuvee.distiller.grpo import Lesson, Reinforcement, reinforce
from cuvee.distiller.rewards import Rewards, Weighing
from cuvee.embedders.lexical import Lexical
from cuvee.errors import ConfigError, CuveeError
from cuvee.models import causal
from cuvee.training.checkpoints import Curve

SHORT = Reinforcement(steps=4, group=2, prompts=1, longest=12, lr=1e-3, save_every=2)


def run(
    tiny_model: Path, folder: Path, rewards: Rewards, settings: Reinforcement = SHORT
) -> tuple[Curve, dict[str, np.ndarray]]:
    model = causal.load(tiny_model)
    curve = reinforce(model, Lesson(easy(12)[0], rewards), settings, folder, seed=3)
    return curve, {name: part.detach().numpy().copy() for name, part in model.model.named_parameters()}


class Graded(Rewards):
    """Rewards of which format counts how often one letter is written, so that replies of an untrained model differ."""

    fails_after = 10**9
    asked = 0

    def part(self, name: str, case: Example, reply: str) -> float:
        self.asked += 1
        if self.asked > self.fails_after:
            raise CuveeError(f"the {name} reward of row {case.id} cannot be computed: as wanted")
        return min(1.0, reply.count("e") / 4)


@pytest.fixture(scope="module")
def rewards() -> Rewards:
    return Graded(build(easy(12)[1], Lexical(), "lexical"), Weighing(0.0, 0.0, 1.0))


def test_the_curve_tells_the_reward_its_parts_and_those_of_each_kind(
    tiny_model: Path, tmp_path: Path, rewards: Rewards
) -> None:
    curve, weights = run(tiny_model, tmp_path, rewards)
    assert [point["step"] for point in curve] == [1, 2, 3, 4]
    assert {"reward", "format", "format/qa", "kl", "tokens"} <= set(curve[0])
    assert all(point["format"] == pytest.approx(point["reward"]) == point["format/qa"] for point in curve)
    start = {name: part.detach().numpy() for name, part in causal.load(tiny_model).model.named_parameters()}
    assert any((weights[name] != start[name]).any() for name in start)


def test_a_stopped_training_goes_on_to_the_same_weights(tiny_model: Path, tmp_path: Path, rewards: Rewards) -> None:
    whole, weights = run(tiny_model, tmp_path / "whole", rewards)
    broken = Graded(rewards.library, rewards.weights)
    broken.fails_after = 5  # two replies a step: in the third step
    with pytest.raises(CuveeError, match="format reward of row e"):
        run(tiny_model, tmp_path / "stopped", broken)
    again, same = run(tiny_model, tmp_path / "stopped", rewards)
    assert again == whole
    assert all((weights[name] == same[name]).all() for name in weights)


def test_a_reward_without_a_library_stops_the_run_with_the_row(tiny_model: Path, tmp_path: Path) -> None:
    class Answering(Rewards):
        def part(self, name: str, case: Example, reply: str) -> float:
            return super().part(name, replace(case, kind="mcq"), "<answer>something</answer>")

    only = build([Rated("qa", "Q: a\nA: b", 5)], Lexical(), "lexical")
    with pytest.raises(CuveeError, match="quality reward of row e"):
        run(tiny_model, tmp_path, Answering(only, Weighing()))


def test_a_group_of_one_is_refused() -> None:
    with pytest.raises(ConfigError, match="group"):
        Reinforcement(group=1)
