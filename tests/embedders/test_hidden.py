"""The hidden-state embedder: the mean of the last layer over a conversation's tokens."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from cuvee import render
from cuvee.embedders import EMBEDDERS, ReadsMessages, resolve
from cuvee.embedders.hidden import Hidden
from cuvee.errors import ConfigError
from cuvee.intake.embed import embed
from cuvee.models import causal
from cuvee.runs import Run
from cuvee.samples.schema import TURN

torch = pytest.importorskip("torch", reason="the base install has no torch")
TALK = [{"role": "user", "content": "What is 2 + 2?"}, {"role": "assistant", "content": "Four."}]


def test_the_mean_of_the_last_layer_over_all_tokens(tiny_model: Path) -> None:
    model = causal.load(tiny_model, device="cpu")
    ids = render.encode(TALK, model.tokenizer).ids.astype(np.int64)
    with torch.no_grad():
        states = model.model(torch.from_numpy(ids)[None], output_hidden_states=True).hidden_states[-1][0]
    expected = states.mean(0).numpy()
    found = Hidden(str(tiny_model)).encode_messages([TALK, [], TALK])
    np.testing.assert_allclose(found[0], expected / np.linalg.norm(expected), atol=1e-5)
    np.testing.assert_allclose(found[2], found[0], atol=1e-6)
    np.testing.assert_array_equal(found[1], np.eye(64)[-1])


def test_a_plain_text_is_a_user_turn(tiny_model: Path) -> None:
    hidden = Hidden(str(tiny_model))
    np.testing.assert_allclose(hidden.encode(["What is 2 + 2?"]), hidden.encode_messages([TALK[:1]]), atol=1e-6)


def test_it_is_resolved_by_name_and_reads_messages(tiny_model: Path) -> None:
    embedder, _ = resolve(f"hidden:{tiny_model}")
    assert isinstance(embedder, ReadsMessages) and embedder.dim == 64
    assert not isinstance(resolve("lexical")[0], ReadsMessages)
    with pytest.raises(ConfigError):
        EMBEDDERS["hidden"]("/nowhere/at/all")


def test_vectors_are_remembered_by_conversation(tiny_model: Path, tmp_path: Path) -> None:
    turned = [{"role": "assistant", "content": "What is 2 + 2?"}, {"role": "user", "content": "Four."}]
    messages = pa.chunked_array([pa.array([TALK, turned, TALK], pa.list_(TURN))])
    embedder = Hidden(str(tiny_model))
    first = embed(Run(tmp_path / "a"), messages, embedder, "rows")
    assert first.computed == 2  # the same words in other roles are another row
    assert np.abs(first.X[0] - first.X[1]).max() > 1e-3
    again = embed(Run(tmp_path / "b"), messages, embedder, "rows")
    assert again.computed == 0
    np.testing.assert_array_equal(again.X, first.X)
