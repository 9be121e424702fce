"""Training on a mixture by the real loop: cuts of a step, LoRA, kills, and plain rows as a special case."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.training.test_mixed_loss import mixture

from cuvee import render
from cuvee.arrays import I64
from cuvee.models import causal
from cuvee.models.causal import Causal
from cuvee.planting import plant
from cuvee.render import Encoded
from cuvee.training import sft
from cuvee.training.feeds import InOrder, Shuffled
from cuvee.training.mixture import Mixture, joined, real
from cuvee.training.settings import Training

torch = pytest.importorskip("torch")
SETTINGS = Training(epochs=2, lr=3e-3, batch=8, save_every=3)


@pytest.fixture
def rows(tiny_model: Path) -> list[Encoded]:
    talks = [
        [{"role": "user", "content": p.row["instruction"]}, {"role": "assistant", "content": p.row["output"]}]
        for p in plant(200)[:30]
    ]
    return render.encode_all(talks, causal.tokenizer_of(tiny_model), max_length=96)


def blends(count: int) -> Mixture:
    rng = np.random.default_rng(5)
    left, right = rng.integers(0, 15, count), rng.integers(15, 30, count)
    return Mixture(left, right, rng.random(count).astype(np.float32))


def both() -> Mixture:
    return joined(real(np.arange(20, dtype=np.int64)), blends(20))


def weights(trained: Causal) -> dict[str, Any]:
    return {name: value.clone() for name, value in trained.model.state_dict().items()}


def same(left: dict[str, Any], right: dict[str, Any], by: float = 0.0) -> bool:
    return left.keys() == right.keys() and all(
        torch.allclose(left[name], right[name], rtol=0, atol=by) for name in left
    )


def train(folder: Path, rows: list[Encoded], entries: Mixture, out: Path | None = None, **more: Any) -> sft.Trained:
    from cuvee.training.mixed import MixedRows, train

    return train(causal.load(folder, device="cpu"), MixedRows(entries, rows), replace(SETTINGS, **more), out, seed=1)


def test_it_learns_and_two_runs_are_equal_to_the_bit(tiny_model: Path, rows: list[Encoded]) -> None:
    runs = [train(tiny_model, rows, both()) for _ in range(2)]
    assert runs[0].curve[-1]["loss"] < runs[0].curve[0]["loss"] - 0.3
    assert runs[0].rows == 40 and runs[0].steps == 10
    assert same(weights(runs[0].model), weights(runs[1].model))


def test_the_loss_of_a_step_is_the_same_however_it_is_cut(tiny_model: Path, rows: list[Encoded]) -> None:
    losses = [
        [point["loss"] for point in train(tiny_model, rows, both(), micro_tokens=tokens).curve]
        for tokens in (96, 250, 100_000)
    ]
    assert losses[0] == pytest.approx(losses[2], abs=1e-4)
    assert losses[1] == pytest.approx(losses[2], abs=1e-4)


@pytest.mark.parametrize("side", ["left", "right"])
def test_lambda_one_and_zero_train_to_the_weights_of_plain_rows(
    side: str, tiny_model: Path, rows: list[Encoded]
) -> None:
    chosen: I64 = np.arange(12, dtype=np.int64)
    share = np.full(12, float(side == "left"), dtype=np.float32)
    entries = Mixture(chosen, chosen + 12, share) if side == "left" else Mixture(chosen + 12, chosen, share)
    mixed = train(tiny_model, rows, entries, micro_tokens=300)
    feed = InOrder([np.asarray(Shuffled(12, 8, seed=1).next(step)) for step in range(3)])
    settings = replace(SETTINGS, epochs=None, steps=3, micro_tokens=300)
    plain = sft.train(causal.load(tiny_model, device="cpu"), rows[:12], settings, None, seed=1, feed=feed)
    assert [p["loss"] for p in mixed.curve] == pytest.approx([p["loss"] for p in plain.curve], abs=1e-4)
    assert [p["grad_norm"] for p in mixed.curve] == pytest.approx([p["grad_norm"] for p in plain.curve], rel=1e-3)


def test_a_mixture_of_real_rows_is_plain_training(tiny_model: Path, rows: list[Encoded]) -> None:
    mixed = train(tiny_model, rows, real(np.arange(30, dtype=np.int64)))
    plain = sft.train(causal.load(tiny_model, device="cpu"), rows, SETTINGS, None, seed=1)
    assert mixed.tokens == plain.tokens and mixed.steps == plain.steps
    assert [p["loss"] for p in mixed.curve] == pytest.approx([p["loss"] for p in plain.curve], abs=1e-4)
    assert same(weights(mixed.model), weights(plain.model), by=2e-3)  # Adam divides rounding by rounding


def test_lora_trains_only_its_adapters(tiny_model: Path, rows: list[Encoded], tmp_path: Path) -> None:
    from cuvee.training.mixed import MixedRows
    from cuvee.training.mixed import train as train_mixture

    plain = causal.load(tiny_model, device="cpu")
    before = weights(plain)
    adapted = causal.with_lora(plain, rank=4)
    done = train_mixture(adapted, MixedRows(both(), rows), replace(SETTINGS, lora=4), tmp_path / "out", seed=1)
    assert done.curve[-1]["loss"] < done.curve[0]["loss"]
    after = {
        key.replace("base_model.model.", "").replace("base_layer.", ""): v for key, v in weights(done.model).items()
    }
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert causal.load(tmp_path / "out").version != plain.version


def test_stopped_at_any_step_it_goes_on_to_the_same_weights(
    tiny_model: Path, rows: list[Encoded], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cuvee.training import loop

    whole = train(tiny_model, rows, both())
    log = loop.Follower.on_log
    for after in (2, 5, 9):

        def stop(self: Any, args: Any, state: Any, control: Any, after: int = after, **others: Any) -> None:
            log(self, args, state, control, **others)
            if state.global_step == after:
                raise KeyboardInterrupt

        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(loop.Follower, "on_log", stop)
            train(tiny_model, rows, both(), tmp_path / str(after))
        trained = train(tiny_model, rows, both(), tmp_path / str(after))
        assert same(weights(trained.model), weights(whole.model)) and trained.curve == whole.curve


def test_checkpoints_of_another_mixture_are_not_gone_on_from(
    tiny_model: Path, rows: list[Encoded], tmp_path: Path
) -> None:
    first = train(tiny_model, rows, both(), tmp_path)
    other = train(tiny_model, rows, mixture((0, 20, 0.5), (1, 1, 1.0)), tmp_path)
    assert first.rows == 40 and other.rows == 2


def test_an_entry_without_an_answer_is_left_out_and_counted(tiny_model: Path, rows: list[Encoded]) -> None:
    silent = replace(rows[0], answer=np.zeros(len(rows[0]), dtype=bool))
    entries = mixture((30, 30, 1.0), (30, 2, 0.5), (30, 1, 1.0), (3, 3, 1.0))
    done = train(tiny_model, [*rows, silent], entries)
    assert done.rows == 2 and done.left_out == 2


def test_entries_are_kept_while_they_touch_no_more_rows() -> None:
    mixture = Mixture(np.array([0, 2, 1, 0]), np.array([1, 3, 1, 4]), np.array([0.5, 0.5, 1.0, 0.5], dtype=np.float32))
    assert mixture.touching(2).left.tolist() == [0, 1]
    assert mixture.touching(3).left.tolist() == [0, 1, 0]  # the blend of 2 and 3 would need two more
    assert mixture.touching(5).left.tolist() == [0, 2, 1, 0]
