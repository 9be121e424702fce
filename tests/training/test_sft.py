"""Training on the tiny model: the loss is the one worked by hand, and a kill changes nothing."""

import os
import random
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.killing import started

from cuvee import render
from cuvee.errors import ConfigError, CuveeError, InputError
from cuvee.models import causal
from cuvee.models.causal import Causal
from cuvee.planting import plant
from cuvee.render import Encoded
from cuvee.training import sft
from cuvee.training.feeds import InOrder, Shuffled
from cuvee.training.settings import Training

torch = pytest.importorskip("torch")
SETTINGS = Training(epochs=2, lr=3e-3, batch=8, save_every=3)


def talks(count: int = 40) -> list[list[dict[str, Any]]]:
    return [
        [{"role": "user", "content": p.row["instruction"]}, {"role": "assistant", "content": p.row["output"]}]
        for p in plant(200)[:count]
    ]


@pytest.fixture
def model(tiny_model: Path) -> Causal:
    return causal.load(tiny_model)


@pytest.fixture
def rows(model: Causal) -> list[Encoded]:
    return render.encode_all(talks(), model.tokenizer, max_length=96)


def weights(trained: Causal) -> dict[str, Any]:
    return {name: value.clone() for name, value in trained.model.state_dict().items()}


def same(left: dict[str, Any], right: dict[str, Any]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def by_hand(model: Causal, rows: list[Encoded]) -> tuple[float, Any]:
    """Return the mean loss over all answer tokens of these rows, one row at a time, and the gradient of the embeddings."""
    model.model.zero_grad()
    total, count = torch.zeros(()), 0
    for row in rows:
        ids = torch.from_numpy(row.ids.astype(np.int64))[None]
        losses = torch.nn.functional.cross_entropy(model.model(ids).logits[0, :-1], ids[0, 1:], reduction="none")
        counted = torch.from_numpy(row.answer[1:])
        total, count = total + losses[counted].sum(), count + int(counted.sum())
    (total / count).backward()
    gradient = model.model.get_input_embeddings().weight.grad.clone()
    model.model.zero_grad()
    return float(total.detach()) / count, gradient


@pytest.mark.parametrize("micro_tokens", [96, 250, 100_000])
def test_the_loss_and_the_step_are_those_worked_by_hand_however_the_batch_is_cut(
    model: Causal, rows: list[Encoded], micro_tokens: int
) -> None:
    loss, gradient = by_hand(model, rows[:8])
    before = model.model.get_input_embeddings().weight.detach().clone()
    settings = Training(steps=1, lr=1e-3, batch=8, schedule="constant", warmup=0, micro_tokens=micro_tokens)
    trained = sft.train(model, rows, settings, None, seed=0, feed=InOrder([np.arange(8)]))
    assert trained.curve[0]["loss"] == pytest.approx(loss, abs=1e-5)
    step = model.model.get_input_embeddings().weight.detach() - before
    large = gradient.abs() > 1e-4  # Adam's first step is lr against the gradient's sign
    assert torch.allclose(step[large], -1e-3 * gradient[large].sign(), rtol=1e-2)


def test_padding_and_prompts_do_not_count(model: Causal, rows: list[Encoded]) -> None:
    from cuvee.training.batches import IGNORED, collate

    whole = [row for row in rows if not row.cut][:4]
    batch = collate(whole, model.tokenizer.eos_token_id)  # a pad token that also ends answers
    for at, row in enumerate(whole):
        counted = batch["labels"][at] != IGNORED
        assert counted.sum() == row.answer.sum() and not counted[len(row) :].any()
        assert batch["attention_mask"][at].sum() == len(row)
        assert batch["labels"][at, len(row) - 1] == model.tokenizer.eos_token_id


def test_it_learns_and_two_runs_are_equal_to_the_bit(tiny_model: Path, rows: list[Encoded]) -> None:
    runs = [sft.train(causal.load(tiny_model), rows, SETTINGS, None, seed=seed) for seed in (1, 1, 2)]
    assert runs[0].curve[-1]["loss"] < runs[0].curve[0]["loss"] - 0.5
    assert same(weights(runs[0].model), weights(runs[1].model))
    assert not same(weights(runs[0].model), weights(runs[2].model))
    assert runs[0].steps == 10 == len(runs[0].curve)


def test_the_written_weights_load_and_a_second_call_returns_them(
    tiny_model: Path, rows: list[Encoded], tmp_path: Path
) -> None:
    first = sft.train(causal.load(tiny_model), rows, SETTINGS, tmp_path / "out", seed=1)
    again = sft.train(causal.load(tiny_model), rows, SETTINGS, tmp_path / "out", seed=1)
    assert same(weights(first.model), weights(again.model)) and again.curve == first.curve
    assert same(weights(causal.load(tmp_path / "out")), weights(first.model))
    assert not (tmp_path / "out/checkpoints").exists()


def test_no_global_state_is_left_changed(model: Causal, rows: list[Encoded]) -> None:
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    torch.manual_seed(5)
    expected = (random.random(), np.random.random(), torch.rand(1).item())  # noqa: NPY002
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    torch.manual_seed(5)
    sft.train(model, rows, Training(steps=1), None, seed=9)
    assert (random.random(), np.random.random(), torch.rand(1).item()) == expected  # noqa: NPY002


def test_rows_without_an_answer_are_left_out_and_counted(model: Causal, rows: list[Encoded]) -> None:
    silent = replace(rows[0], answer=np.zeros(len(rows[0]), dtype=bool))
    trained = sft.train(model, [*rows[:9], silent], Training(epochs=1, batch=3), None, seed=0)
    assert trained.left_out == 1 and trained.steps == 3
    assert trained.tokens == sum(len(row) for row in rows[:9])
    with pytest.raises(InputError, match="no row has an answer"):
        sft.train(model, [silent], Training(epochs=1), None, seed=0)


@pytest.mark.parametrize(
    ("settings", "rows", "expected"),
    [
        (Training(epochs=3, batch=16), 100, 19),
        (Training(epochs=0.5, batch=16), 100, 4),
        (Training(steps=7), 100, 7),
        (Training(tokens=3_200, batch=16), 100, 4),
        (Training(epochs=1, batch=16), 10, 1),
    ],
)
def test_a_budget_is_epochs_steps_or_tokens(settings: Training, rows: int, expected: int) -> None:
    assert settings.updates(rows, mean_length=50) == expected


def test_two_budgets_or_none_are_refused() -> None:
    wrongs: list[dict[str, Any]] = [{}, {"epochs": 1, "steps": 5}, {"epochs": 0}, {"steps": 5, "batch": 0}]
    for wrong in wrongs:
        with pytest.raises(ConfigError):
            Training(**wrong)


def test_lora_trains_only_its_adapters(tiny_model: Path, rows: list[Encoded], tmp_path: Path) -> None:
    plain = causal.load(tiny_model)
    before = weights(plain)
    adapted = causal.with_lora(plain, rank=4)
    trained = sft.train(adapted, rows, replace(SETTINGS, lora=4), tmp_path / "out", seed=1)
    assert trained.curve[-1]["loss"] < trained.curve[0]["loss"]
    after = {
        name.replace("base_model.model.", "").replace("base_layer.", ""): v
        for name, v in weights(trained.model).items()
    }
    assert all(torch.equal(before[name], after[name]) for name in before)
    loaded = causal.load(tmp_path / "out")
    ids = torch.arange(30)[None]
    assert torch.allclose(loaded.model(ids).logits, trained.model.model(ids).logits, atol=1e-4)


def test_a_loss_that_is_no_number_stops_with_one_line(model: Causal, rows: list[Encoded]) -> None:
    with torch.no_grad():
        next(model.model.parameters()).fill_(float("nan"))
    with pytest.raises(CuveeError, match="no longer a number at step 1"):
        sft.train(model, rows, Training(steps=2), None, seed=0)


def test_dropout_is_a_function_of_the_step(tiny_model: Path, rows: list[Encoded], tmp_path: Path) -> None:
    """A resumed training draws the same dropout masks: LoRA dropout is the only chance left in a step."""

    def run(folder: Path | None, settings: Training) -> dict[str, Any]:
        adapted = causal.with_lora(causal.load(tiny_model), rank=4, dropout=0.3)
        return weights(sft.train(adapted, rows, settings, folder, seed=1).model)

    assert same(run(None, SETTINGS), run(tmp_path / "out", SETTINGS))


class Logged(InOrder):
    """Notes when it is asked and what it is told."""

    def __init__(self, trajectory: list[Any]) -> None:
        super().__init__(trajectory)
        self.log: list[tuple[str, int, float]] = []

    def next(self, step: int) -> Any:
        self.log.append(("next", step, 0.0))
        return super().next(step)

    def observe(self, step: int, reward: float) -> None:
        self.log.append(("observe", step, reward))


def test_a_feed_is_asked_once_per_step_and_only_when_the_step_before_is_done(
    model: Causal, rows: list[Encoded]
) -> None:
    feed = Logged([np.arange(step, step + 1 + step % 3) for step in range(6)])
    settings = Training(steps=6, batch=3, micro_tokens=96)
    trained = sft.train(model, rows, settings, None, seed=0, feed=feed)
    assert [(what, step) for what, step, _ in feed.log] == [(what, s) for s in range(6) for what in ("next", "observe")]
    told = [value for what, _, value in feed.log if what == "observe"]
    assert told == [-point["loss"] for point in trained.curve]
    assert trained.tokens == sum(len(rows[row]) for step in range(6) for row in range(step, step + 1 + step % 3))


def test_a_reward_sees_the_model_after_the_step_and_goes_to_the_feed(model: Causal, rows: list[Encoded]) -> None:
    feed, seen = Logged([np.arange(4)]), []

    def reward(trained: Any) -> float:
        total: float = trained.get_input_embeddings().weight.detach().sum().item()
        seen.append(total)
        return total

    sft.train(model, rows, Training(steps=3, batch=4, lr=1e-2), None, seed=0, feed=feed, reward=reward)
    assert [value for what, _, value in feed.log if what == "observe"] == seen
    assert len(set(seen)) > 1


def test_a_replayed_trajectory_gives_the_same_weights(tiny_model: Path, rows: list[Encoded]) -> None:
    shuffled = Shuffled(len(rows), 8, seed=1)
    replay = InOrder([shuffled.next(step) for step in range(10)])
    by_seed = sft.train(causal.load(tiny_model), rows, SETTINGS, None, seed=1)
    replayed = sft.train(causal.load(tiny_model), rows, SETTINGS, None, seed=1, feed=replay)
    assert same(weights(by_seed.model), weights(replayed.model))


def test_half_precision_weights_learn_from_small_steps(tiny_model: Path, rows: list[Encoded]) -> None:
    half = causal.load(tiny_model, dtype="float16")
    before, version = weights(half), half.version
    trained = sft.train(half, rows, Training(steps=40, lr=2e-6, batch=4, warmup=0), None, seed=0)
    assert causal.precision_of(trained.model) == "float16" and trained.model.version != version
    whole = sft.train(causal.load(tiny_model), rows, Training(steps=40, lr=2e-6, batch=4, warmup=0), None, seed=0)
    learnt = [(weights(whole.model)[name] - before[name].float()).abs().sum().item() for name in before]
    kept = [(weights(trained.model)[name].float() - before[name].float()).abs().sum().item() for name in before]
    assert sum(kept) > 0.3 * sum(learnt), "steps of 2e-6 are below the spacing of most weights in 16 bits"


def test_truncated_rows_are_counted_and_generation_is_left_as_it_was(model: Causal, rows: list[Encoded]) -> None:
    trained = sft.train(model, rows, Training(steps=1, batch=4, max_length=40), None, seed=0)
    assert trained.truncated == sum(row.cut > 0 or len(row) > 40 for row in rows)
    assert trained.rows + trained.left_out == len(rows)
    assert model.model.config.use_cache and not model.model.training


def test_checkpoints_of_other_settings_are_not_gone_on_from(
    tiny_model: Path, rows: list[Encoded], tmp_path: Path
) -> None:
    def stop(_: Any) -> float:
        stop.calls = getattr(stop, "calls", 0) + 1  # type: ignore[attr-defined]
        if stop.calls == 5:  # type: ignore[attr-defined]
            raise KeyboardInterrupt
        return 0.0

    with pytest.raises(KeyboardInterrupt):
        sft.train(causal.load(tiny_model), rows, SETTINGS, tmp_path, seed=1, reward=stop)
    assert (tmp_path / "checkpoints/checkpoint-3").exists()
    other = sft.train(causal.load(tiny_model), rows, SETTINGS, tmp_path, seed=2)
    clean = sft.train(causal.load(tiny_model), rows, SETTINGS, None, seed=2)
    assert same(weights(other.model), weights(clean.model))


def train_and_die(folder: Path, out: Path, after: int) -> None:
    """Train until this step, and kill -9 oneself."""
    from cuvee.training import loop

    class Stop(loop.Follower):
        def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            super().on_step_end(args, state, control, **others)
            if state.global_step == after:
                os.kill(os.getpid(), signal.SIGKILL)

    loop.Follower = Stop  # type: ignore[misc]
    model = causal.load(folder)
    sft.train(model, render.encode_all(talks(), model.tokenizer, max_length=96), SETTINGS, out, seed=1)


def test_killed_at_any_step_it_goes_on_to_the_same_weights(
    tiny_model: Path, rows: list[Encoded], tmp_path: Path
) -> None:
    whole = sft.train(causal.load(tiny_model), rows, SETTINGS, None, seed=1)
    for after in (2, 4, 9):
        out = tmp_path / str(after)
        process = started(train_and_die, tiny_model, out, after)
        process.join()
        assert process.exitcode == -signal.SIGKILL
        left = sorted(path.name for path in (out / "checkpoints").glob("*")) if (out / "checkpoints").exists() else []
        assert left == [f"checkpoint-{step}" for step in (3, 6, 9) if step < after][-2:]
        if left:  # a checkpoint that a kill left half is not used
            (out / "checkpoints/checkpoint-99").mkdir()
        trained = sft.train(causal.load(tiny_model), rows, SETTINGS, out, seed=1)
        assert same(weights(trained.model), weights(whole.model))
        assert trained.curve == whole.curve
