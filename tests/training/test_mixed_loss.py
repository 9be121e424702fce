"""The loss of blends against the one written down plainly: soft targets, one-hot rows, every mask by hand."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cuvee.errors import ConfigError
from cuvee.models import causal
from cuvee.models.causal import Causal
from cuvee.render import Encoded
from cuvee.training.meeting import Spans
from cuvee.training.mixture import ALIGN, BlendReading, Mixture

torch = pytest.importorskip("torch")
Make = Callable[[], Any]
VOCABULARY = 50


def gpt() -> Any:
    """Learned positions, layer norms that stay in 64 bits, tied embeddings."""
    from transformers import GPT2Config, GPT2LMHeadModel

    sizes = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 64}
    return GPT2LMHeadModel(GPT2Config(vocab_size=VOCABULARY, attn_pdrop=0, embd_pdrop=0, resid_pdrop=0, **sizes))


def llama(tied: bool) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    return LlamaForCausalLM(LlamaConfig(vocab_size=VOCABULARY, tie_word_embeddings=tied, **sizes))


def gemma() -> Any:
    """Tied embeddings that are multiplied by the root of the width."""
    from transformers import GemmaConfig, GemmaForCausalLM

    sizes = {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "head_dim": 8,
    }
    return GemmaForCausalLM(GemmaConfig(vocab_size=VOCABULARY, num_key_value_heads=1, **sizes))


MODELS: dict[str, Make] = {
    "gpt": gpt, "llama-tied": lambda: llama(True), "llama-untied": lambda: llama(False), "gemma": gemma
}  # fmt: skip


def made(name: str) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return MODELS[name]().double()


def row(seed: int, length: int, prompt: int) -> Encoded:
    ids = np.random.default_rng(seed).integers(1, VOCABULARY, length).astype(np.int32)
    return Encoded(ids, np.arange(length) >= prompt)


ROWS = [row(1, 9, 4), row(2, 14, 3), row(3, 6, 2), row(4, 9, 8)]


def mixture(*entries: tuple[int, int, float], align: str = "answer") -> Mixture:
    left, right, weight = zip(*entries, strict=True)
    return Mixture(np.array(left), np.array(right), np.array(weight, dtype=np.float32), BlendReading(align))


def blends(align: str = "answer") -> Mixture:
    return mixture((0, 1, 0.3), (2, 2, 1.0), (1, 2, 0.75), (3, 0, 0.5), align=align)


BLENDS = blends()
both_ways = pytest.mark.parametrize("align", ALIGN)


def collated(entries: Mixture, pad: int = 0) -> Any:
    from cuvee.training.mixed_batches import collate_mixture

    return collate_mixture(entries, ROWS, Spans.of(ROWS, 64), pad)


def loss_of(model: Any, entries: Mixture, *, pad: int = 0, items: float | None = None) -> Any:
    from cuvee.training.mixed_loss import mixed_loss

    batch = collated(entries, pad)
    return mixed_loss(model, batch, batch["items"] if items is None else items)


def plain(model: Any, rows: list[Encoded]) -> Any:
    """The library's own loss over plain rows, one at a time, divided by their answer tokens."""
    total, count = 0, 0
    for one in rows:
        ids = torch.from_numpy(one.ids.astype(np.int64))[None]
        log = torch.log_softmax(model(ids).logits[0, :-1], dim=-1)
        counted = torch.from_numpy(one.answer[1:])
        total, count = total - log.gather(1, ids[0, 1:, None])[counted, 0].sum(), count + int(counted.sum())
    return total / count


def soft(model: Any, left: Encoded, right: Encoded, share: float, align: str) -> tuple[Any, Any]:
    """The sum over tokens of CE(logits, soft target), with the (length, vocabulary) target made, and its weight."""
    layer, one_prompt = model.get_input_embeddings(), [int((~row.answer).sum()) for row in (left, right)]
    moved = [max(one_prompt) - prompt if align == "answer" else 0 for prompt in one_prompt]
    length = max(at + len(row) for at, row in zip(moved, (left, right), strict=True))
    hidden, target = torch.zeros(length, layer.weight.shape[1]).double(), torch.zeros(length, VOCABULARY).double()
    for row, weight, at in zip((left, right), (share, 1 - share), moved, strict=True):
        ids = torch.from_numpy(row.ids.astype(np.int64))
        hidden = hidden + torch.nn.functional.pad(weight * layer(ids), (0, 0, at, length - at - len(row)))
        for token in range(1, len(row)):
            target[at + token, ids[token]] += weight * float(row.answer[token])
    log = torch.log_softmax(model(inputs_embeds=hidden[None]).logits[0], dim=-1)
    return -(target[1:] * log[:-1]).sum(), target[1:].sum()


@both_ways
@pytest.mark.parametrize("name", MODELS)
def test_it_is_the_loss_of_soft_targets_that_are_mixed_one_hots(name: str, align: str) -> None:
    model, entries = made(name), blends(align)
    parts = [
        soft(model, ROWS[a], ROWS[b], float(w), align if a != b else "start")
        for a, b, w in zip(entries.left, entries.right, entries.weight, strict=True)
    ]
    expected = sum(part for part, _ in parts) / sum(weight for _, weight in parts)
    assert float(loss_of(model, entries)) == pytest.approx(float(expected), abs=1e-6)


def gradients(model: Any, loss: Any) -> dict[str, Any]:
    model.zero_grad()
    loss.backward()
    return {name: part.grad.clone() for name, part in model.named_parameters() if part.grad is not None}


def largest_difference(left: dict[str, Any], right: dict[str, Any]) -> float:
    assert left.keys() == right.keys()
    return max(float((left[name] - right[name]).abs().max()) for name in left)


@both_ways
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(("weight", "rows"), [(1.0, (0, 2)), (0.0, (1, 3))])
def test_lambda_one_and_zero_are_the_plain_rows_in_loss_and_gradients(
    name: str, weight: float, rows: tuple[int, int], align: str
) -> None:
    model = made(name)
    mixed = loss_of(model, mixture((0, 1, weight), (2, 3, weight), align=align))
    expected = plain(model, [ROWS[at] for at in rows])
    assert float(mixed) == pytest.approx(float(expected), abs=1e-6)
    assert largest_difference(gradients(model, mixed), gradients(model, expected)) < 1e-6


@pytest.mark.parametrize("name", MODELS)
def test_a_real_row_is_the_row_as_the_librarys_own_loss_has_it(name: str) -> None:
    from cuvee.training.batches import collate

    model = made(name)
    mixed = loss_of(model, mixture((0, 0, 1.0), (1, 1, 1.0)))
    expected = model(**collate(ROWS[:2], 0)).loss
    assert float(mixed) == pytest.approx(float(expected), abs=1e-6)
    assert largest_difference(gradients(model, mixed), gradients(model, model(**collate(ROWS[:2], 0)).loss)) < 1e-6


@both_ways
def test_padding_never_leaks(align: str) -> None:
    """Another pad id, and padding to the length of a much longer entry: the same loss, in 64 bits."""
    model, entries = made("gpt"), blends(align)
    first = float(loss_of(model, entries, pad=0, items=1.0))
    assert float(loss_of(model, entries, pad=37, items=1.0)) == pytest.approx(first, abs=1e-10)
    alone = sum(float(loss_of(model, entries[at : at + 1], items=1.0)) for at in range(len(entries)))
    assert alone == pytest.approx(first, abs=1e-10)


def test_padding_never_leaks_into_gradients() -> None:
    model = made("gpt")
    narrow = gradients(model, loss_of(model, BLENDS[2:3], pad=0, items=1.0))
    both = gradients(model, loss_of(model, BLENDS[1:3], pad=41, items=1.0))
    other = gradients(model, loss_of(model, BLENDS[1:2], pad=0, items=1.0))
    assert largest_difference(both, {name: narrow[name] + other[name] for name in narrow}) < 1e-10


@pytest.mark.parametrize(("align", "moved"), [("start", 0), ("answer", 1)])
def test_where_one_side_has_no_token_only_the_other_is_left_by_its_own_share(align: str, moved: int) -> None:
    """Rows of 9 and 14 tokens, whose answers start at 4 and 3: the second is moved right by one column."""
    from cuvee.training.mixed_loss import mixed_embeddings

    model = made("gpt")
    layer, batch = model.get_input_embeddings(), collated(mixture((0, 1, 0.3), align=align))
    hidden = mixed_embeddings(model, batch)[0]
    left, right = (layer(torch.from_numpy(ROWS[at].ids.astype(np.int64))) for at in (0, 1))
    share = float(np.float32(0.3))
    assert len(hidden) == 14 + moved
    assert torch.allclose(hidden[:moved], share * left[:moved])
    assert torch.allclose(hidden[moved:9], share * left[moved:] + (1 - share) * right[: 9 - moved])
    assert torch.allclose(hidden[9:], (1 - share) * right[9 - moved :])
    assert batch["right_mask"].sum() == 14 and batch["left_mask"].sum() == 9
    assert float(batch["items"]) == pytest.approx(share * 5 + (1 - share) * 11, abs=1e-6)
    starts = [int((batch[f"{side}_labels"][0] != -100).nonzero()[0]) for side in ("left", "right")]
    assert starts == ([4, 4] if align == "answer" else [4, 3])


@pytest.mark.parametrize("name", MODELS)
def test_gradients_reach_the_embeddings_of_both_sides(name: str) -> None:
    model = made(name)
    gradient = gradients(model, loss_of(model, mixture((0, 1, 0.4))))
    weight = model.get_input_embeddings().weight
    found = gradient[next(key for key, part in model.named_parameters() if part is weight)]
    for at in (0, 1):
        assert all(found[token].abs().sum() > 0 for token in ROWS[at].ids[:-1])


def test_one_pass_and_several_have_the_same_gradient() -> None:
    model = made("gpt")
    whole = collated(BLENDS)["items"]
    together = gradients(model, loss_of(model, BLENDS))
    model.zero_grad()
    for at in range(len(BLENDS)):
        loss_of(model, BLENDS[at : at + 1], items=whole).backward()
    apart = {name: part.grad.clone() for name, part in model.named_parameters() if part.grad is not None}
    assert largest_difference(together, apart) < 1e-10


def test_a_pass_without_entries_adds_nothing() -> None:
    model = made("gpt")
    empty = BLENDS[np.empty(0, dtype=np.int64)]
    loss = loss_of(model, empty, items=3.0)
    assert float(loss) == 0
    assert all(float(part.abs().max()) == 0 for part in gradients(model, loss).values())


def loaded(model: Any, tiny_model: Path) -> Causal:
    return replace(causal.load(tiny_model, device="cpu"), model=model.eval())


@pytest.mark.parametrize("name", MODELS)
def test_models_that_scale_their_embeddings_read_them_as_their_own(name: str, tiny_model: Path) -> None:
    from cuvee.training.mixed_loss import check_takes_embeddings

    check_takes_embeddings(loaded(made(name), tiny_model))


def test_a_model_that_scales_only_what_it_looks_up_itself_is_refused(tiny_model: Path) -> None:
    from transformers import LlamaForCausalLM

    from cuvee.training.mixed_loss import check_takes_embeddings

    class Scaled(LlamaForCausalLM):  # type: ignore[misc]
        def forward(self, input_ids: Any = None, inputs_embeds: Any = None, **others: Any) -> Any:
            hidden = inputs_embeds if input_ids is None else 4 * self.get_input_embeddings()(input_ids)
            return super().forward(inputs_embeds=hidden, **others)

    model = Scaled(llama(True).config)
    with pytest.raises(ConfigError, match="otherwise than its own tokens"):
        check_takes_embeddings(loaded(model, tiny_model))
