"""What every embedder promises."""

import numpy as np
import pytest

from cuvee.embedders import EMBEDDERS, Embedder
from cuvee.errors import ConfigError, MissingExtraError

pytestmark = pytest.mark.machine_home

TEXTS = [
    "How do I boil an egg?\nPut it into boiling water for eight minutes.",
    "Write a function that adds two numbers.\ndef add(a, b):\n    return a + b",
    "",
    "What is the capital of France?\nParis.",
    "蛋要煮多久？\n八分钟。",
    "What is the capital of Italy?\nRome.",
    "What is the capital of France?\nParis.",
    "  \n ",
]


@pytest.fixture(scope="module", params=list(EMBEDDERS))
def embedder(request: pytest.FixtureRequest) -> Embedder:
    try:
        made = EMBEDDERS[request.param]("tiny" if request.param == "hidden" else None)
    except (ConfigError, MissingExtraError) as missing:
        pytest.skip(str(missing))
    made.fit(TEXTS)
    return made


def test_rows_are_float32_units_in_order(embedder: Embedder) -> None:
    X = embedder.encode(TEXTS)
    assert X.shape == (len(TEXTS), embedder.dim) and X.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(embedder.encode(TEXTS[::-1]), X[::-1], atol=2e-6)


def test_a_row_depends_on_its_own_text_only(embedder: Embedder) -> None:
    X = embedder.encode(TEXTS)
    alone = np.concatenate([embedder.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(alone, X, atol=2e-6)


def test_same_text_same_vector(embedder: Embedder) -> None:
    X = embedder.encode(TEXTS)
    np.testing.assert_allclose(X[3], X[6], atol=2e-6)
    assert X[0] @ X[3] < 0.99


def test_no_words_give_the_last_axis(embedder: Embedder) -> None:
    last = np.eye(embedder.dim, dtype=np.float32)[-1]
    np.testing.assert_array_equal(embedder.encode(["", " \n"]), [last, last])


def test_no_texts(embedder: Embedder) -> None:
    assert embedder.encode([]).shape == (0, embedder.dim)


def test_what_the_interface_tells(embedder: Embedder) -> None:
    assert embedder.name in EMBEDDERS
    assert 0.5 < embedder.near < 1.0 and embedder.rate > 0
    assert len(embedder.version) == 16 and embedder.version == embedder.version
