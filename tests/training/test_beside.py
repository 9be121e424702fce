"""Blends beside their rows: the step's loss against rows and soft targets apart, and weight 0 against plain training."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.training.test_mixed import SETTINGS, blends, same, train, weights
from tests.training.test_mixed import rows as rows
from tests.training.test_mixed_loss import ROWS, both_ways, gradients, largest_difference, made, mixture, plain, soft

from cuvee.errors import ConfigError, InputError
from cuvee.evaluation import heldout
from cuvee.models import causal
from cuvee.render import Encoded
from cuvee.training import sft
from cuvee.training.beside import BesideUnits
from cuvee.training.feeds import Shuffled, Turned
from cuvee.training.mixture import BlendReading, Mixture, joined, real

torch = pytest.importorskip("torch")


def beside(entries: Mixture, weight: float, align: str = "answer") -> Mixture:
    return replace(entries, reading=BlendReading(align, weight))


ENTRIES = mixture((0, 0, 1.0), (1, 1, 1.0), (2, 2, 1.0), (3, 3, 1.0), (0, 1, 0.3), (0, 2, 0.8), (2, 3, 0.5))


def loss_of(model: Any, entries: Mixture, units: list[int]) -> Any:
    material = BesideUnits(entries, 64).over(ROWS, 0)
    assert material.loss
    batch = material.make(np.array(units, dtype=np.int64))
    return material.loss(model, batch, batch["items"])


@both_ways
@pytest.mark.parametrize("name", ["gpt", "llama-tied"])
def test_it_is_the_rows_mean_and_the_weight_times_the_blends_mean(name: str, align: str) -> None:
    model, entries = made(name), beside(ENTRIES, 0.4, align)
    parts = [soft(model, ROWS[a], ROWS[b], float(w), align) for a, b, w in zip(*vars_of(entries[4:]), strict=True)]
    epochs = [[parts[0], parts[2]], [parts[1], parts[2]]]  # the first row's blends take turns, the third has one
    blended = sum(loss for epoch in epochs for loss, _ in epoch) / sum(mass for epoch in epochs for _, mass in epoch)
    expected = plain(model, ROWS) + 0.4 * blended
    found = (loss_of(model, entries, [0, 1, 2, 3]) + loss_of(model, entries, [4, 5, 6, 7])) / 2
    assert float(found) == pytest.approx(float(expected), abs=1e-6)
    assert largest_difference(gradients(model, found), gradients(model, expected)) < 1e-6


def vars_of(entries: Mixture) -> tuple[Any, Any, Any]:
    return entries.left, entries.right, entries.weight


def test_a_unit_brings_one_of_its_blends_in_turn_and_costs_its_tokens() -> None:
    material = BesideUnits(beside(ENTRIES, 1.0, "start"), 64).over(ROWS, 0)
    assert material.turns == 2 and material.usable.tolist() == [0, 1, 2, 3]
    assert material.lengths.tolist() == [9 + 14, 14, 6 + 9, 9, 9 + 9, 14, 6 + 9, 9]
    batch = material.make(np.array([2, 1]))
    assert len(batch["weight"]) == 3 and float(batch["items"]) == 4 + 11
    first, second = (material.make(np.array([number]))["weight"][1] for number in (0, 4))
    assert float(first) == pytest.approx(0.3) and float(second) == pytest.approx(0.8)
    assert not material.make(np.empty(0, dtype=np.int64))["items"]


def test_blends_take_turns_from_epoch_to_epoch_and_rows_come_as_ever() -> None:
    turned, plain = Turned(np.array([0, 2, 5]), 7, 2, 2, seed=3), Shuffled(3, 2, seed=3)
    taken = np.concatenate([turned.next(step) for step in range(6)])
    assert (taken % 7).tolist() == [[0, 2, 5][at] for step in range(6) for at in plain.next(step)]
    assert (taken // 7).tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("entries", [beside(ENTRIES, 0.0), beside(ENTRIES[:4], 0.4)], ids=["weight 0", "no blends"])
def test_without_weight_or_blends_it_is_the_rows(entries: Mixture) -> None:
    model = made("gpt")
    found, expected = loss_of(model, entries, [0, 3]), plain(model, [ROWS[0], ROWS[3]])
    assert float(found) == pytest.approx(float(expected), abs=1e-6)
    assert largest_difference(gradients(model, found), gradients(model, expected)) < 1e-6


def test_a_blend_of_a_row_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="does not hold"):
        BesideUnits(beside(ENTRIES[1:], 0.4), 64).over(ROWS, 0)
    with pytest.raises(ConfigError, match="weight is -1"):
        BlendReading(weight=-1)


def of_all(rows: list[Encoded], weight: float) -> Mixture:
    return beside(joined(real(np.arange(len(rows), dtype=np.int64)), blends(20)), weight)


def test_weight_0_is_plain_training_and_a_weight_is_not(tiny_model: Path, rows: list[Encoded]) -> None:
    none, some = (train(tiny_model, rows, of_all(rows, weight)) for weight in (0.0, 0.5))
    bare = sft.train(causal.load(tiny_model, device="cpu"), rows, SETTINGS, None, seed=1)
    assert none.steps == some.steps == bare.steps and none.rows == some.rows == 30
    assert [p["loss"] for p in none.curve] == pytest.approx([p["loss"] for p in bare.curve], abs=1e-4)
    assert same(weights(none.model), weights(bare.model), by=2e-3)
    assert some.curve[0]["loss"] > none.curve[0]["loss"] + 0.5 and not same(
        weights(some.model), weights(bare.model), by=2e-3
    )
    before, after = (
        heldout.losses(model, rows).mean.mean() for model in (causal.load(tiny_model, device="cpu"), some.model)
    )
    assert after < before - 0.3


def test_the_loss_of_a_step_is_the_same_however_it_is_cut(tiny_model: Path, rows: list[Encoded]) -> None:
    cut, whole = (
        [point["loss"] for point in train(tiny_model, rows, of_all(rows, 0.5), micro_tokens=tokens).curve]
        for tokens in (150, 100_000)
    )
    assert cut == pytest.approx(whole, abs=1e-4)


def test_stopped_it_goes_on_to_the_same_weights_with_adapters_too(
    tiny_model: Path, rows: list[Encoded], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cuvee.training import loop
    from cuvee.training.mixed import MixedRows
    from cuvee.training.mixed import train as train_mixture

    def adapted(folder: Path | None) -> sft.Trained:
        model = causal.with_lora(causal.load(tiny_model, device="cpu"), rank=4)
        return train_mixture(model, MixedRows(of_all(rows, 0.5), rows), replace(SETTINGS, lora=4), folder, seed=1)

    whole, log = adapted(None), loop.Follower.on_log

    def stop(self: Any, args: Any, state: Any, control: Any, **others: Any) -> None:
        log(self, args, state, control, **others)
        if state.global_step == 5:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(loop.Follower, "on_log", stop)
        adapted(tmp_path / "run")
    assert adapted(tmp_path / "run").curve == whole.curve
