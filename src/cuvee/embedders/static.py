"""Static embedder: the mean of token vectors (Model2Vec). Thousands of texts per second, no torch."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cuvee.arrays import F32
from cuvee.embedders.seam import unit_rows
from cuvee.errors import ConfigError
from cuvee.models import plain
from cuvee.models.folders import fingerprint, model_folder

if TYPE_CHECKING:
    from model2vec import StaticModel

MAX_TOKENS = 512  # what stands after is not read
_BATCH = 1_024


class Static:
    """A model2vec model from a folder, the catalogue or the hub; None means static-minilm.

    Reads the first 512 tokens of a text. The model is loaded when the first text comes: a run that finds all its vectors needs
    none. Raises ConfigError where the model is missing or is no static model.
    """

    name = "static"
    near = 0.97  # on real instruction data: 99 in 100 such pairs share words; below, other numbers in the same question
    rate = 2_500.0
    fitted = False

    def __init__(self, model: str | None = None) -> None:
        from safetensors import SafetensorError, safe_open

        self._folder = model_folder(model, "static-minilm")
        weights = self._folder / "model.safetensors"
        if not weights.is_file() or not (self._folder / "tokenizer.json").is_file():
            raise ConfigError(
                f"{self._folder} holds no static embedder", "it needs model.safetensors and tokenizer.json"
            )
        plain.check(self._folder)
        try:
            with safe_open(weights, framework="numpy") as file:
                self.dim = int(file.get_slice("embeddings").get_shape()[1])
        except (SafetensorError, IndexError) as wrong:
            raise ConfigError(
                f"{self._folder} holds no static embedder: {wrong}", "name a folder made by model2vec"
            ) from wrong
        self.version = fingerprint(self._folder, "static", MAX_TOKENS)

    def __reduce__(self) -> tuple[type["Static"], tuple[str]]:
        return Static, (str(self._folder),)  # a process elsewhere reads the folder itself

    @cached_property
    def _model(self) -> "StaticModel":
        from model2vec import StaticModel

        try:
            return StaticModel.from_pretrained(self._folder)
        except (KeyError, ValueError) as wrong:
            raise ConfigError(
                f"{self._folder} holds no static embedder: {wrong}", "name a folder made by model2vec"
            ) from wrong

    def fit(self, texts: Sequence[str]) -> None:
        """Nothing to learn."""

    def encode(self, texts: Sequence[str]) -> F32:
        """Return (n, dim) float32 unit rows."""
        X = np.zeros((len(texts), self.dim), dtype=np.float32)
        for start in range(0, len(texts), _BATCH):
            part = list(texts[start : start + _BATCH])
            X[start : start + _BATCH] = self._model.encode(part, max_length=MAX_TOKENS, use_multiprocessing=False)
        return unit_rows(X)
