"""Sentence embedder: a transformer by sentence-transformers. The better vectors, at about 30 texts/s on 2 cores."""

from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from cuvee.arrays import F32
from cuvee.embedders.seam import unit_rows
from cuvee.errors import ConfigError, MissingExtraError
from cuvee.models import plain
from cuvee.models.folders import fingerprint, model_folder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

MAX_TOKENS = 256  # what stands after is not read; all-MiniLM-L6-v2 was trained on no more
_BATCH = 32


class Sentence:
    """A sentence-transformers model from a folder, the catalogue or the hub; None means all-minilm-l6-v2.

    Reads the first 256 tokens of a text, or fewer where the model reads fewer. Runs on a GPU where torch finds one. The
    model is loaded when the first text comes. Raises MissingExtraError without sentence-transformers, ConfigError where the
    model is missing.
    """

    name = "sentence"
    near = 0.95
    rate = 30.0
    fitted = False

    def __init__(self, model: str | None = None) -> None:
        if find_spec("sentence_transformers") is None:
            raise MissingExtraError("sentence-transformers", "sentence", "the sentence embedder")
        self._folder = model_folder(model, "all-minilm-l6-v2")
        plain.check(self._folder)
        self.version = fingerprint(self._folder, "sentence", MAX_TOKENS)

    @cached_property
    def _model(self) -> "SentenceTransformer":
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # of reading the weights, which takes a blink
        try:
            model = SentenceTransformer(str(self._folder), local_files_only=True, trust_remote_code=False)
        except (ValueError, OSError, KeyError, TypeError, AttributeError, ImportError, RuntimeError) as wrong:
            reason = (str(wrong).strip().splitlines() or [type(wrong).__name__])[0]
            raise ConfigError(f"{self._folder} holds no sentence embedder: {reason}", "name another folder") from wrong
        logging.enable_progress_bar()
        model.max_seq_length = min(MAX_TOKENS, model.max_seq_length or MAX_TOKENS)
        return model

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self._model.get_embedding_dimension())

    def fit(self, texts: Sequence[str]) -> None:
        """Nothing to learn."""

    def encode(self, texts: Sequence[str]) -> F32:
        """Return (n, dim) float32 unit rows. Another batch may move a value by rounding, about 1e-6."""
        if not len(texts):
            return np.zeros((0, self.dim), dtype=np.float32)
        X = self._model.encode(list(texts), batch_size=_BATCH, convert_to_numpy=True, show_progress_bar=False)
        X = np.asarray(X, dtype=np.float32)
        X[[not text.strip() for text in texts]] = 0.0  # no words: the vector that all embedders give
        return unit_rows(X)
