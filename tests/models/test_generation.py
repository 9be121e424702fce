from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the base install has no torch")

from cuvee import render  # noqa: E402
from cuvee.errors import ConfigError  # noqa: E402
from cuvee.models import causal, generation  # noqa: E402
from cuvee.models.causal import Causal  # noqa: E402
from cuvee.models.generation import Sampling  # noqa: E402
from cuvee.render import Ids  # noqa: E402

ASKED = ["Hi", "Name three colours of the rainbow, please, and say why.", "2+2?", "What is a cat? " * 12, "Why?"]


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Causal:
    """Return the tiny model with weights ten times as large: its answers then depend on the question."""
    found = causal.load(tiny_model)
    with torch.no_grad():
        for weight in found.model.parameters():
            if weight.ndim > 1:
                weight.mul_(8)
    return found


@pytest.fixture(scope="module")
def prompts(model: Causal) -> list[Ids]:
    return [render.encode_prompt([{"role": "user", "content": text}], model.tokenizer) for text in ASKED]


def one_at_a_time(model: Causal, prompt: Ids, steps: int) -> list[int]:
    """Return greedy tokens with full passes and no cache."""
    ids, said = prompt.tolist(), []
    for _ in range(steps):
        with torch.inference_mode():
            said.append(int(model.model(torch.tensor([ids])).logits[0, -1].argmax()))
        ids.append(said[-1])
        if said[-1] in generation.end_marks(model):
            break
    return said


def test_greedy_in_a_batch_is_greedy_one_at_a_time(model: Causal, prompts: list[Ids]) -> None:
    written = generation.write(model, prompts, Sampling(max_new_tokens=12))
    expected = [one_at_a_time(model, prompt, 12) for prompt in prompts]
    assert len({tuple(row) for row in expected}) > 1
    for one, tokens in zip(written, expected, strict=True):
        ended = tokens[-1] in generation.end_marks(model)
        text = model.tokenizer.decode(tokens[:-1] if ended else tokens, skip_special_tokens=True)
        assert (one.text, one.tokens, one.ended) == (text, len(tokens), ended)


def test_rows_that_end_leave_the_batch_and_the_others_go_on(
    model: Causal, prompts: list[Ids], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = [one_at_a_time(model, prompt, 12) for prompt in prompts]
    marks = frozenset({plain[0][2], plain[1][5]})
    monkeypatch.setattr(generation, "end_marks", lambda _: marks)
    expected = [one_at_a_time(model, prompt, 12) for prompt in prompts]
    assert len({len(row) for row in expected}) > 1
    written = generation.write(model, prompts, Sampling(max_new_tokens=12))
    assert [one.tokens for one in written] == [len(row) for row in expected]
    assert [one.ended for one in written] == [row[-1] in marks for row in expected]


def test_draws_belong_to_the_row_and_the_seed(model: Causal, prompts: list[Ids]) -> None:
    how = Sampling(max_new_tokens=8, temperature=1.0, top_p=0.9, seed=5)
    together = generation.write(model, prompts, how, keys=ASKED)
    alone = [generation.write(model, [prompt], how, keys=[key])[0] for prompt, key in zip(prompts, ASKED, strict=True)]
    assert together == alone
    assert together != generation.write(model, prompts, Sampling(8, 1.0, 0.9, seed=6), keys=ASKED)


def test_top_p_draws_from_the_likeliest_only() -> None:
    chance = np.array([0.1, 0.6, 0.3])
    drawn = [generation._drawn(chance, uniform, 0.7) for uniform in np.linspace(0, 0.999, 100)]
    assert set(drawn) == {1, 2} and abs(drawn.count(1) / 100 - 2 / 3) < 0.02
    assert {generation._drawn(chance, uniform, 1.0) for uniform in np.linspace(0, 0.999, 100)} == {0, 1, 2}
    assert {generation._drawn(chance, uniform, 0.5) for uniform in (0.0, 0.999)} == {1}


def test_batches_hold_every_row_within_the_budget() -> None:
    lengths = [5, 90, 20, 20, 1, 300]
    parts = generation.plan(lengths, 10, 100)
    assert sorted(int(row) for part in parts for row in part) == list(range(6))
    assert all(len(part) == 1 or max(lengths[row] + 10 for row in part) * len(part) <= 100 for part in parts)
    assert generation.plan([], 10, 100) == []


def test_settings_that_cannot_be_are_refused(model: Causal) -> None:
    for wrong in ({"max_new_tokens": 0}, {"temperature": -1.0}, {"top_p": 0.0}):
        with pytest.raises(ConfigError):
            Sampling(**wrong)
    with pytest.raises(ConfigError, match="max-new-tokens"):
        generation.room(model, Sampling(max_new_tokens=5_000))
