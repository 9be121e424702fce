"""Embedders: texts -> (n, d) float32 unit rows. A member is one file, one test, one line here."""

from collections.abc import Callable

from cuvee.embedders import guest
from cuvee.embedders.seam import Embedder, ReadsMessages
from cuvee.models import catalog
from cuvee.names import find


def _lexical(model: str | None) -> Embedder:
    """Words and word pairs (TF-IDF), reduced by SVD, learnt from the pool; needs no model."""
    from cuvee.embedders.lexical import Lexical

    return Lexical(model)


def _static(model: str | None) -> Embedder:
    """The mean of token vectors, distilled from a sentence model; thousands of texts per second, no torch."""
    from cuvee.embedders.static import Static

    return Static(model)


def _sentence(model: str | None) -> Embedder:
    """A transformer by sentence-transformers: the better vectors, about 30 texts per second on 2 cores."""
    from cuvee.embedders.sentence import Sentence

    return Sentence(model)


def _hidden(model: str | None) -> Embedder:
    """A language model's own space: last layer, mean over the tokens of the chat template; needs messages."""
    from cuvee.embedders.hidden import Hidden

    return Hidden(model)


# Functions, so that naming an embedder imports no library and loads no model.
EMBEDDERS: dict[str, Callable[[str | None], Embedder]] = {
    "lexical": _lexical,
    "static": _static,
    "sentence": _sentence,
    "hidden": _hidden,
}


def resolve(name: str | None) -> tuple[Embedder, list[str]]:
    """Return the embedder of this name, and notes for the user: why this one, where none was named.

    name: "lexical", "static", "sentence", "hidden"; "static:MODEL" and so on name a model folder or a hub id. None means
    static where static-minilm was fetched, else lexical. Raises ConfigError for an unknown name or a missing model.
    """
    if name is not None:
        kind, _, model = name.partition(":")
        if kind in EMBEDDERS:
            return EMBEDDERS[kind](model or None), []
        return guest.embedder(name, find(EMBEDDERS, name, "embedder")), []
    if catalog.path_of("static-minilm") is not None:
        return _static(None), []
    why = "vectors are lexical (words, not meaning), as static-minilm is not here: `cuvee models fetch static-minilm`"
    return _lexical(None), [why]


__all__ = ["EMBEDDERS", "Embedder", "ReadsMessages", "resolve"]
