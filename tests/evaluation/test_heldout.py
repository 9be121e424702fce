from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the base install has no torch")

from cuvee import render  # noqa: E402
from cuvee.evaluation import heldout  # noqa: E402
from cuvee.models import causal  # noqa: E402
from cuvee.models.causal import Causal  # noqa: E402


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Causal:
    return causal.load(tiny_model)


def talk(*contents: str) -> list[dict[str, Any]]:
    roles = ("user", "assistant")
    return [{"role": roles[at % 2], "content": text, "extra": None} for at, text in enumerate(contents)]


TALKS = [
    talk("2+2?", "It is 4."),
    talk("Tell me about cats. " * 5, "They purr. " * 9),
    talk("a", "b", "c", "d and e"),
    talk("Say nothing.", ""),
]


def by_hand(model: Causal, row: render.Encoded) -> float:
    """Return the sum over one row at a time, with all logits."""
    with torch.inference_mode():
        chances = model.model(torch.tensor([row.ids.tolist()])).logits[0].double().log_softmax(1)
    return -sum(float(chances[at - 1, row.ids[at]]) for at in range(1, len(row)) if row.answer[at])


def test_losses_are_those_of_one_row_at_a_time_with_full_logits(model: Causal) -> None:
    table = heldout.loss(model, TALKS, batch_tokens=64)
    for told, turns in zip(table.to_pylist(), TALKS, strict=True):
        row = render.encode(turns, model.tokenizer)
        assert told["tokens"] == row.answer[1:].sum()
        assert abs(told["loss"] - by_hand(model, row) / told["tokens"]) < 1e-4
        assert told["cut"] == 0


def test_a_long_prompt_loses_its_start_and_the_answer_stays(model: Causal) -> None:
    (told,) = heldout.loss(model, [talk("word " * 3_000, "It is 4.")]).to_pylist()
    (short,) = heldout.loss(model, [TALKS[0]]).to_pylist()
    assert told["cut"] > 0 and told["tokens"] == short["tokens"]


def test_a_row_without_an_answer_is_null(model: Causal) -> None:
    (told,) = heldout.loss(model, [talk("Only asked.")]).to_pylist()
    assert told["loss"] is None and told["tokens"] == 0
