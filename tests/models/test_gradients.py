"""Gradients as features: the projection keeps inner products, and a row's feature is its own gradient."""

from pathlib import Path

import numpy as np
import pytest

from cuvee import render
from cuvee.models import causal

torch = pytest.importorskip("torch")
pytest.importorskip("peft")

from cuvee.models.gradients import Sketch, features  # noqa: E402


def test_the_sketch_keeps_inner_products_on_average() -> None:
    draw = torch.Generator().manual_seed(1)
    a, b = torch.randn(3_000, generator=draw), torch.randn(3_000, generator=draw)
    found = []
    for seed in range(200):
        sketch = Sketch([1_000, 2_000], 256, seed=seed, device="cpu")
        found.append(float(sketch([a[:1_000], a[1_000:]]) @ sketch([b[:1_000], b[1_000:]])))
    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found) - float(a @ b)) < 4 * error
    assert np.std(found) < 2 * 3_000 / np.sqrt(256)


def test_rows_that_teach_the_same_are_alike(tiny_model: Path) -> None:
    model = causal.with_lora(causal.load(tiny_model, device="cpu"), rank=4, seed=1)
    talks = [
        [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]
        for asked, said in [
            ("2 + 2?", "It is four."),
            ("2 + 3?", "It is four."),
            ("Sing.", "La la la la la la."),
            ("Hm?", ""),
        ]
    ]
    rows = render.encode_all(talks, model.tokenizer)
    rows.append(render.Encoded(rows[0].ids, np.zeros_like(rows[0].answer)))
    found = features(model, rows, dim=512, seed=0)
    assert np.linalg.norm(found[:4], axis=1) == pytest.approx([1.0] * 4, abs=1e-5)
    assert not found[4].any()  # no answer, no gradient
    assert found[0] @ found[1] > found[0] @ found[2] + 0.2
    assert np.array_equal(found, features(model, rows, dim=512, seed=0))
    assert all(weight.grad is None for weight in model.model.parameters())
