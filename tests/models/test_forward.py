"""Batched passes give the numbers of one row at a time with full logits."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cuvee.errors import ConfigError
from cuvee.models import causal, forward
from cuvee.models.causal import Causal
from cuvee.render import Encoded

torch = pytest.importorskip("torch", reason="the base install has no torch")
ALL = set(forward.WANTS)


@pytest.fixture(scope="module")
def tiny(tiny_model: Path) -> Causal:
    return causal.load(tiny_model, device="cpu")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def rows(n: int = 23, longest: int = 70) -> list[Encoded]:
    draw = np.random.default_rng(5)
    made = []
    for at in range(n):
        m = int(draw.integers(1, longest))
        answer = np.zeros(m, dtype=bool)
        answer[m // 2 :] = True
        if at % 5 == 1:
            answer[2 : m // 4] = True  # an earlier turn
        if at % 7 == 3:
            answer[:] = at % 2  # nothing counts, or even the first token
        made.append(Encoded(draw.integers(0, 900, size=m).astype(np.int32), answer))
    return made


def one_at_a_time(model: Any, row: Encoded) -> dict[str, Any]:
    """The plain way: the whole model, full logits, log-softmax."""
    with torch.no_grad():
        out = model(torch.from_numpy(row.ids[None].astype(np.int64)), output_hidden_states=True)
    logits = out.logits[0, :-1][torch.from_numpy(row.answer[1:])]
    target = torch.from_numpy(row.ids[1:][row.answer[1:]].astype(np.int64))
    log = logits.log_softmax(-1)
    best = logits.topk(2, dim=-1).values
    return {
        "loss": -log.gather(1, target[:, None]).sum() if len(target) else np.nan,
        "max_logit": best[:, 0].mean(),
        "margin": (best[:, 0] - best[:, 1]).mean(),
        "entropy": -(log.exp() * log).sum(-1).mean(),
        "hidden": out.hidden_states[-1][0].mean(0),
        "count": len(target),
    }


def check(model: Causal, given: list[Encoded], found: forward.Passed, want: set[str] = ALL) -> None:
    expected = [one_at_a_time(model.model, row) for row in given]
    for name in {*want, "count"}:
        single = np.array([np.asarray(row[name], dtype=np.float64) for row in expected])
        np.testing.assert_allclose(getattr(found, name), single, atol=1e-4, err_msg=name)


def test_equal_to_one_row_at_a_time_with_full_logits(tiny: Causal) -> None:
    check(tiny, rows(), forward.passes(tiny, rows(), ALL))


def test_batches_side_by_side(tiny: Causal) -> None:
    """Workers write to rows of their own, and the number of threads is then as it was."""
    torch.set_num_threads(2)
    found = forward.passes(tiny, rows(60), ALL, batch_tokens=100)
    assert torch.get_num_threads() == 2
    check(tiny, rows(60), found)


@pytest.mark.parametrize("tokens", [1, 64, 200, 100_000])
def test_the_size_of_a_batch_does_not_matter(tiny: Causal, tokens: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward, "LOGITS", {"cpu": 1_024 * (3 if tokens == 64 else 10_000)})  # positions per chunk
    found = forward.passes(tiny, rows(), ALL, batch_tokens=tokens)
    other = forward.passes(tiny, rows(), ALL)
    for name in (*forward.WANTS, "count"):
        np.testing.assert_allclose(getattr(found, name), getattr(other, name), atol=1e-5, err_msg=name)


def test_the_order_of_rows_does_not_matter(tiny: Causal) -> None:
    found, back = forward.passes(tiny, rows(), ALL), forward.passes(tiny, rows()[::-1], ALL)
    for name in (*forward.WANTS, "count"):
        np.testing.assert_allclose(getattr(back, name)[::-1], getattr(found, name), atol=1e-5, err_msg=name)


@pytest.mark.parametrize("want", [{"loss"}, {"margin"}, {"entropy", "max_logit"}, {"hidden"}])
def test_what_was_not_asked_is_nan(tiny: Causal, want: set[str]) -> None:
    found = forward.passes(tiny, rows(), want)
    check(tiny, rows(), found, want)
    for name in ALL - want - {"hidden"}:
        assert np.isnan(getattr(found, name)).all()
    assert found.hidden.shape == (23, 64 if "hidden" in want else 0)


def test_hidden_alone_needs_no_head(tiny: Causal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward, "told", None)
    assert np.isfinite(forward.passes(tiny, rows(), {"hidden"}).hidden).all()


def test_rows_without_tokens_and_no_rows(tiny: Causal) -> None:
    empty = Encoded(np.empty(0, dtype=np.int32), np.empty(0, dtype=bool))
    found = forward.passes(tiny, [empty, *rows(3)], ALL)
    assert np.isnan(found.loss[0]) and np.isnan(found.hidden[0]).all() and np.isfinite(found.hidden[1:]).all()
    assert forward.passes(tiny, [], ALL).hidden.shape == (0, 64)


def test_a_model_with_adapters(tiny_model: Path) -> None:
    adapted = causal.with_lora(causal.load(tiny_model, device="cpu"), rank=4)
    with torch.no_grad():
        for name, part in adapted.model.named_parameters():
            if "lora_B" in name:
                part.fill_(0.05)
    adapted.model.eval()
    plain = forward.passes(causal.load(tiny_model, device="cpu"), rows(), ALL)
    found = forward.passes(adapted, rows(), ALL)
    check(adapted, rows(), found)
    assert np.nanmax(np.abs(found.loss - plain.loss)) > 1e-2


def test_a_model_in_training_is_read_without_dropout_and_goes_on_training(tiny: Causal) -> None:
    other = Causal("gpt2", tiny.folder, family("gpt2").train(), tiny.tokenizer, "v", 128, "cpu")
    found = forward.passes(other, rows(9), ALL)
    assert other.model.training
    other.model.eval()
    check(other, rows(9), found)


def test_tied_embeddings_are_the_head(tiny: Causal) -> None:
    assert tiny.model.config.tie_word_embeddings
    assert tiny.model.get_output_embeddings().weight is tiny.model.get_input_embeddings().weight


@pytest.mark.parametrize("kind", ["gpt2", "gemma2", "cohere", "granite"])
def test_other_families_with_other_heads(tiny: Causal, kind: str) -> None:
    """Other names of the body, and logits that are scaled or capped after the head."""
    model = family(kind)
    other = Causal(kind, tiny.folder, model.eval(), tiny.tokenizer, "v", 128, "cpu")
    check(other, rows(9), forward.passes(other, rows(9), ALL))


def family(kind: str) -> Any:
    import transformers as hf

    torch.manual_seed(3)
    if kind == "gpt2":
        return hf.GPT2LMHeadModel(hf.GPT2Config(vocab_size=1_000, n_embd=32, n_layer=2, n_head=2, n_positions=128))
    shape = {"vocab_size": 1_000, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    shape |= {"num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 128, "pad_token_id": 0}
    if kind == "gemma2":
        return hf.Gemma2ForCausalLM(hf.Gemma2Config(**shape, head_dim=16, final_logit_softcapping=0.05))
    if kind == "cohere":
        return hf.CohereForCausalLM(hf.CohereConfig(**shape, logit_scale=0.25))
    return hf.GraniteForCausalLM(hf.GraniteConfig(**shape, logits_scaling=8.0))


def test_a_body_that_does_not_agree_is_read_as_a_whole(tiny: Causal, caplog: pytest.LogCaptureFixture) -> None:
    """A head that the code does not know: its forward pass doubles the logits."""

    class Doubled(type(tiny.model)):  # type: ignore[misc]
        def forward(self, *given: Any, **named: Any) -> Any:
            out = super().forward(*given, **named)
            out.logits = out.logits * 2
            return out

    model = Doubled(tiny.model.config).eval()
    other = Causal("doubled", tiny.folder, model, tiny.tokenizer, "v", 1_024, "cpu")
    with caplog.at_level("INFO", logger="cuvee"):
        check(other, rows(9), forward.passes(other, rows(9), ALL))
    assert "cannot be told apart" in caplog.text


def test_a_body_that_looks_ahead_is_read_as_a_whole(tiny: Causal, caplog: pytest.LogCaptureFixture) -> None:
    """Padding behind a row would change what it says of the row."""

    def peeking(body: Any, given: Any, out: Any) -> Any:
        out.last_hidden_state = out.last_hidden_state + out.last_hidden_state.mean(dim=1, keepdim=True)
        return out

    model = type(tiny.model)(tiny.model.config).eval()
    model.model.register_forward_hook(peeking)
    with caplog.at_level("INFO", logger="cuvee"):
        forward.passes(Causal("peeking", tiny.folder, model, tiny.tokenizer, "v", 1_024, "cpu"), rows(2), ALL)
    assert "cannot be told apart" in caplog.text


def test_batches_keep_to_the_budget() -> None:
    lengths = np.array([5, 100, 0, 7, 7, 30, 1])
    parts = [part.tolist() for part in forward.batches(lengths, 40)]
    assert parts == [[1], [5], [3, 4, 0, 6]]


def test_an_unknown_want(tiny: Causal) -> None:
    with pytest.raises(ConfigError, match="'perplexity'"):
        forward.passes(tiny, rows(2), {"perplexity"})


def test_late_tokens_weigh_by_their_place(tiny: Causal) -> None:
    made = rows()
    found = forward.passes(tiny, made, [forward.LATE]).hidden
    for row, vector in zip(made, found, strict=True):
        with torch.no_grad():
            ids = torch.from_numpy(row.ids[None].astype(np.int64))
            states = tiny.model(ids, output_hidden_states=True).hidden_states[-1][0].numpy().astype(np.float64)
        weights = np.arange(1, len(row) + 1)
        np.testing.assert_allclose(vector, weights @ states / weights.sum(), atol=1e-4)
