import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from cuvee.embedders.lexical import Lexical, _split
from cuvee.errors import ConfigError

TOPICS = {
    "egg": "boil egg water pan salt minutes soft hard shell peel",
    "code": "python function return loop list index variable string print class",
    "rome": "city river bridge church emperor empire road wall forum senate",
}


def pool(n: int) -> list[str]:
    rng = np.random.default_rng(0)
    words = [text.split() for text in TOPICS.values()]
    return [" ".join(rng.choice(words[row % 3], 12)) for row in range(n)]


def fitted(texts: list[str]) -> Lexical:
    embedder = Lexical()
    embedder.fit(texts)
    return embedder


def test_weights_are_those_of_scikit_learn() -> None:
    """Before the SVD: with every axis kept, cosines of the rows are cosines of sublinear TF-IDF rows."""
    texts = pool(60)
    mine = fitted(texts).encode(texts)
    peer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit_transform(texts)
    np.testing.assert_allclose(mine @ mine.T, (peer @ peer.T).toarray(), atol=1e-4)


def test_neighbours_are_of_the_same_topic() -> None:
    texts = pool(600)
    X = fitted(texts).encode(texts)
    cosines = X @ X.T
    np.fill_diagonal(cosines, -1)
    assert (cosines.argmax(axis=1) % 3 == np.arange(600) % 3).mean() > 0.99


def test_the_fit_does_not_depend_on_order_or_repetition() -> None:
    texts = pool(400)
    assert fitted(texts).version == fitted(texts[::-1] + texts[:50]).version
    assert fitted(texts).version != fitted(texts[1:]).version
    np.testing.assert_array_equal(fitted(texts).encode(texts), fitted(texts[::-1]).encode(texts))


@pytest.mark.parametrize("texts", [["one row only"], ["same"] * 5, [""], [], ["", "a", "b"]])
def test_tiny_pools(texts: list[str]) -> None:
    embedder = fitted(texts)
    X = embedder.encode([*texts, "never seen"])
    assert X.shape == (len(texts) + 1, embedder.dim)
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), 1.0, atol=1e-6)
    np.testing.assert_array_equal(X[-1], np.eye(embedder.dim)[-1])


def test_pairs_do_not_reach_over_the_end_of_a_text() -> None:
    embedder = fitted(["a b", "c d"])
    words = embedder._words.to_pylist()
    pairs = {(words[code // len(words)], words[code % len(words)]) for code in embedder._pairs}
    assert pairs == {("a", "b"), ("c", "d")}


def test_cjk_is_split_by_character() -> None:
    assert _split(["蛋要 Ab_1"])[0].to_pylist() == ["蛋", "要", "ab_1"]


def test_it_has_no_models() -> None:
    with pytest.raises(ConfigError, match="no models"):
        Lexical("some-model")
