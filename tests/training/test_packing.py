"""Packed rows teach what padded ones do: the same loss, no row sees another, and a model where they would is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.training.test_sft import talks

pytest.importorskip("accelerate", reason="the base install has no torch")

import torch

from cuvee import render
from cuvee.errors import ConfigError
from cuvee.models import causal
from cuvee.training import batches, sft
from cuvee.training.settings import Training


def test_the_loss_of_packed_rows_is_that_of_padded_ones(tiny_model: Path) -> None:
    curves = []
    for packing in (False, True):
        model = causal.load(tiny_model, device="cpu")
        rows = render.encode_all(talks(), model.tokenizer, max_length=96)
        settings = Training(steps=4, lr=3e-3, batch=7, micro_tokens=200, packing=packing)
        curves.append([point["loss"] for point in sft.train(model, rows, settings, None, seed=1).curve])
    assert curves[1] == pytest.approx(curves[0], abs=1e-4) and len(set(curves[0])) > 1


@pytest.mark.parametrize("count", [1, 3, 9])
def test_packs_are_even_and_hold_every_row_once(count: int) -> None:
    lengths = np.random.default_rng(0).integers(1, 90, 40)
    groups = batches.packs(lengths, count)
    assert sorted(np.concatenate(groups).tolist()) == list(range(40)) and len(groups) == count
    sums = [int(lengths[group].sum()) for group in groups]
    assert max(sums) <= 4 / 3 * max(lengths.max(), np.ceil(lengths.sum() / count))


class Blind(torch.nn.Module):  # type: ignore[misc]
    """A model that does not see where a row begins."""

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, input_ids: Any, **_: Any) -> Any:
        return self.inner(input_ids=input_ids)


def test_a_model_whose_packed_rows_see_each_other_is_refused(tiny_model: Path) -> None:
    model = causal.load(tiny_model, device="cpu").model
    model.config.use_cache = False
    ids = np.arange(8)
    batches.check_packs_apart(model, ids)
    with torch.no_grad():  # an untrained model hardly looks back: let it
        for name, part in model.named_parameters():
            if name.endswith(("o_proj.weight", "v_proj.weight")):
                part.mul_(30)
    batches.check_packs_apart(model, ids)
    with pytest.raises(ConfigError, match="see each other"):
        batches.check_packs_apart(Blind(model), ids)
