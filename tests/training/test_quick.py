"""The quick training takes the steps of the library's trainer."""

from pathlib import Path

import numpy as np
import pytest

from cuvee import render
from cuvee.models import causal
from cuvee.planting import plant
from cuvee.training import sft
from cuvee.training.settings import Training

torch = pytest.importorskip("torch")


@pytest.mark.parametrize(
    "settings",
    [
        Training(steps=5, lr=3e-3, batch=4, weight_decay=0.1, warmup=0.2, micro_tokens=150),
        Training(tokens=900, lr=3e-3, batch=5, schedule="constant"),
    ],
)
def test_it_comes_to_the_weights_of_the_trainer(tiny_model: Path, settings: Training) -> None:
    from cuvee.training import quick

    slow, fast = causal.load(tiny_model), causal.load(tiny_model)
    talks = [
        [{"role": "user", "content": p.row["instruction"]}, {"role": "assistant", "content": p.row["output"]}]
        for p in plant(200)[:12]
    ]
    rows = render.encode_all(talks, slow.tokenizer, max_length=96)
    one = sft.train(slow, rows, settings, None, seed=3)
    two = quick.train(fast, rows, settings, seed=3)
    assert (two.updates, two.tokens, two.answers) == (one.steps, one.tokens, round(one.answers))
    untrained = dict(causal.load(tiny_model).model.named_parameters())
    for name, value in fast.model.named_parameters():
        other = dict(slow.model.named_parameters())[name]
        moved = float((other - untrained[name]).abs().max())
        assert float((value - other).abs().max()) <= 0.02 * moved + 1e-6, name
    assert not fast.model.training and np.isfinite([float(value.sum()) for value in fast.model.parameters()]).all()
