"""Mean token embeddings against the layer's own, one row at a time."""

from pathlib import Path

import numpy as np
import pytest
from tests.training.test_mixed_loss import ROWS, collated, loaded, made, mixture

from cuvee.render import Encoded

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("name", ["gpt", "gemma"])
def test_a_row_is_the_mean_of_its_token_embeddings_as_the_layer_gives_them(name: str, tiny_model: Path) -> None:
    from cuvee.interpolation.space import token_means

    model = loaded(made(name), tiny_model)
    nothing = Encoded(np.empty(0, dtype=np.int32), np.empty(0, dtype=bool))
    found = token_means(model, [*ROWS, nothing])
    layer = model.model.get_input_embeddings()
    for at, row in enumerate(ROWS):
        mean = layer(torch.from_numpy(row.ids.astype(np.int64))).mean(0).detach().numpy()
        assert found[at] == pytest.approx(mean, abs=1e-5)
    assert not found[-1].any() and not token_means(model, [nothing]).any()


def test_the_vector_of_a_blend_of_equal_lengths_is_the_mean_of_what_the_model_reads(tiny_model: Path) -> None:
    from cuvee.interpolation.space import token_means
    from cuvee.training.mixed_loss import mixed_embeddings

    model = loaded(made("gpt"), tiny_model)
    blend = mixture((0, 3, 0.3), align="start")  # both have 9 tokens
    read = mixed_embeddings(model.model, collated(blend))[0].mean(0).detach().numpy()
    assert blend.vectors(token_means(model, ROWS))[0] == pytest.approx(read, abs=1e-6)
