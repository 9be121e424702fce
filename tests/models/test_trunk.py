"""A model cut above its frozen layers does, step by step, what the whole model does with these layers frozen."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cuvee import render
from cuvee.errors import ConfigError
from cuvee.models import causal, forward, tiny, trunk
from cuvee.models.causal import Causal
from cuvee.planting import plant
from cuvee.render import Encoded
from cuvee.training import sft
from cuvee.training.fresh import as_trained, fresh
from cuvee.training.mixed import MixedRows, train
from cuvee.training.mixture import Mixture
from cuvee.training.settings import Training

torch = pytest.importorskip("torch")
SETTINGS = Training(epochs=2, lr=3e-3, batch=8, micro_tokens=300, weight_decay=0.01)
LAYERS = 3


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.make(tmp_path_factory.mktemp("base") / "1M", size="1M")


@pytest.fixture(scope="module")
def rows(base: Path) -> list[Encoded]:
    talks = [
        [{"role": "user", "content": p.row["instruction"]}, {"role": "assistant", "content": p.row["output"]}]
        for p in plant(200)[:30]
    ]
    return render.encode_all(talks, causal.tokenizer_of(base), max_length=64)


def frozen_below(base: Path) -> Causal:
    """Return the whole base with its lower layers frozen, and a head of its own."""
    model = causal.load(base)
    model.model.lm_head.weight = torch.nn.Parameter(model.model.lm_head.weight.detach().clone())
    model.model.config.tie_word_embeddings = False
    model.model.get_input_embeddings().requires_grad_(False)
    model.model.model.layers[:LAYERS].requires_grad_(False)
    return model


def test_training_above_the_trunk_is_training_with_the_layers_below_frozen(
    base: Path, rows: list[Encoded], tmp_path: Path
) -> None:
    cut = sft.train(fresh(base, replace(SETTINGS, trunk=LAYERS), seed=1), rows, SETTINGS, tmp_path / "cut", seed=1)
    whole = sft.train(frozen_below(base), rows, SETTINGS, None, seed=1)
    assert len(cut.curve) == len(whole.curve) == 8
    for name in ("loss", "grad_norm"):
        assert [p[name] for p in cut.curve] == pytest.approx([p[name] for p in whole.curve], rel=1e-4)
    assert (cut.tokens, cut.answers) == (whole.tokens, whole.answers)
    upper, layers = cut.model.model.model.layers, whole.model.model.model.layers[LAYERS:]
    assert len(upper) == len(layers) == 1
    for mine, theirs in zip(upper.parameters(), layers.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-4)
    found, wanted = (forward.passes(one.model, rows, ("loss", "hidden")) for one in (cut, whole))
    assert np.allclose(found.loss, wanted.loss, rtol=1e-4) and np.allclose(found.hidden, wanted.hidden, atol=1e-3)
    saved = forward.passes(causal.load(tmp_path / "cut"), rows)  # what is written is a whole model
    assert np.allclose(saved.loss, wanted.loss, rtol=1e-4)
    again = as_trained(tmp_path / "cut", base, replace(SETTINGS, trunk=LAYERS))
    assert len(again.model.model.layers) == 1 and np.allclose(forward.passes(again, rows).loss, found.loss, rtol=1e-5)


def test_nothing_is_computed_twice_below_and_every_training_starts_from_the_base(
    base: Path, rows: list[Encoded]
) -> None:
    settings = replace(SETTINGS, trunk=2, epochs=None, steps=2)
    first = sft.train(fresh(base, settings, seed=0), rows, settings, None, seed=0)
    read: list[int] = []
    below = first.model.trunk.reads.register_forward_pre_hook(  # type: ignore[union-attr]
        lambda module, args, named: read.append(1), with_kwargs=True
    )
    second = sft.train(fresh(base, settings, seed=0), rows, settings, None, seed=0)
    below.remove()
    assert not read and [p["loss"] for p in second.curve] == [p["loss"] for p in first.curve]


def test_adapters_stand_above_the_trunk(base: Path, rows: list[Encoded], tmp_path: Path) -> None:
    settings = replace(SETTINGS, trunk=2, lora=4)
    model = fresh(base, settings, seed=0)
    adapted = {name.partition("layers.")[2][0] for name, part in model.model.named_parameters() if part.requires_grad}
    assert adapted == {"0", "1"}  # of the two layers above
    done = sft.train(model, rows, settings, tmp_path / "model", seed=0)
    assert done.curve[-1]["loss"] < done.curve[0]["loss"]
    found = forward.passes(done.model, rows).loss
    assert np.allclose(found, forward.passes(causal.load(tmp_path / "model"), rows).loss, rtol=1e-3)


def test_where_16_bits_are_fast_the_frozen_part_is_read_in_them(
    base: Path, rows: list[Encoded], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = forward.passes(fresh(base, replace(SETTINGS, trunk=2), seed=0), rows)
    monkeypatch.setattr(causal, "fast_bf16", lambda device: True)
    trunk._cut_once.cache_clear()
    model = fresh(base, replace(SETTINGS, trunk=2), seed=0)
    found = forward.passes(model, rows)
    trunk._cut_once.cache_clear()
    kept = next(iter(model.trunk.kept.values()))  # type: ignore[union-attr]
    assert kept.dtype == torch.bfloat16 and next(model.model.parameters()).dtype == torch.float32
    assert np.allclose(found.loss, plain.loss, rtol=0.02) and not np.array_equal(found.loss, plain.loss)


def test_a_whole_model_meanwhile(base: Path, rows: list[Encoded]) -> None:
    model = fresh(base, replace(SETTINGS, trunk=2), seed=0)
    ids = torch.from_numpy(rows[0].ids.astype(np.int64))[None]
    with model.whole(), torch.no_grad():
        whole = model.model(input_ids=ids).logits
    with torch.no_grad():
        assert torch.allclose(model.model(input_ids=ids).logits, whole, atol=1e-4)


def test_what_cannot_be_cut_is_one_line(base: Path, rows: list[Encoded]) -> None:
    with pytest.raises(ConfigError, match=r"--trunk is 4 and .* has 4 layers"):
        fresh(base, replace(SETTINGS, trunk=4), seed=0)
    blends = MixedRows(Mixture(np.array([0]), np.array([1]), np.array([0.5], dtype=np.float32)), rows)
    with pytest.raises(ConfigError, match="cannot be mixed below"):
        train(fresh(base, replace(SETTINGS, trunk=2), seed=0), blends, SETTINGS, None, seed=0)
