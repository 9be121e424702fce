import numpy as np
import pytest

from cuvee.embedders import Embedder, resolve
from cuvee.errors import ConfigError, MissingExtraError
from cuvee.models import catalog

PARAPHRASES = [
    ("How do I cook an egg?", "What is the best way to boil eggs?"),
    ("Write a Python function that sorts a list.", "Implement list sorting in Python."),
    ("What is the capital of France?", "Which city is the French capital?"),
    ("Summarise the following article.", "Give a short summary of this text."),
    ("Translate this sentence into German.", "How would you say this in German?"),
    ("Give me tips for losing weight.", "How can I become slimmer?"),
    ("Explain photosynthesis to a child.", "How do plants make food from sunlight, in simple words?"),
    ("Write a poem about the sea.", "Compose verses on the ocean."),
]


def made(name: str) -> Embedder:
    try:
        return resolve(name)[0]
    except (ConfigError, MissingExtraError) as missing:
        pytest.skip(str(missing))


@pytest.mark.machine_home
@pytest.mark.parametrize(("name", "right"), [("static", 7), ("sentence", 8)])
def test_a_paraphrase_is_nearer_than_any_other(name: str, right: int) -> None:
    """Of 8 first halves, how many have their own second half nearest: MiniLM all, its static copy 7 at least."""
    embedder = made(name)
    left, second = (embedder.encode([pair[side] for pair in PARAPHRASES]) for side in (0, 1))
    cosines = left @ second.T
    assert (cosines.argmax(axis=1) == np.arange(len(PARAPHRASES))).sum() >= right
    assert np.diag(cosines).mean() > cosines[~np.eye(len(cosines), dtype=bool)].mean() + 0.3


@pytest.mark.machine_home
@pytest.mark.parametrize(("name", "tokens"), [("static", 512), ("sentence", 256)])
def test_what_stands_after_the_limit_is_not_read(name: str, tokens: int) -> None:
    embedder = made(name)
    long = "egg " * (tokens + 100)
    a, b = embedder.encode([long + "boil", long + "rocket engine"])
    np.testing.assert_allclose(a, b, atol=1e-6)


def test_without_models_the_choice_is_lexical_and_says_why() -> None:
    embedder, notes = resolve(None)
    assert embedder.name == "lexical"
    assert "cuvee models fetch static-minilm" in notes[0]


@pytest.mark.machine_home
def test_with_the_static_model_it_is_the_choice() -> None:
    if catalog.path_of("static-minilm") is None:
        pytest.skip("static-minilm was not fetched")
    assert [resolve(None)[0].name, *resolve(None)[1]] == ["static"]
    folder = catalog.path_of("static-minilm")
    assert resolve(f"static:{folder}")[0].version == resolve("static")[0].version


@pytest.mark.parametrize("name", ["static", "static:static-minilm", "sentence"])
def test_a_model_that_is_not_here_is_one_clear_line(name: str) -> None:
    with pytest.raises((ConfigError, MissingExtraError), match=r"models fetch|pip install"):
        resolve(name)


def test_a_name_that_is_no_folder_and_no_hub_id() -> None:
    with pytest.raises(ConfigError, match="no folder here"):
        resolve("static:/no/such folder")


def test_an_unknown_embedder() -> None:
    with pytest.raises(ConfigError, match="static"):
        resolve("statc")
