"""Hidden-state embedder: a language model's own space. The last layer, mean over all tokens (DiverseEvol, 2311.08182)."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from cuvee import render
from cuvee.arrays import F32
from cuvee.embedders.seam import unit_rows
from cuvee.errors import InputError
from cuvee.models import causal, forward
from cuvee.models.causal import Causal
from cuvee.models.needs import need
from cuvee.render import Encoded, Messages
from cuvee.runs import digest

MAX_TOKENS = 2_048  # what stands after is not read


class Hidden:
    """A causal language model from a folder, the catalogue, a GGUF file or the hub; None means smollm2-135m.

    It reads a conversation through the model's chat template, as training does; a plain text is one user turn. Of a row it
    reads the first 2,048 tokens, or fewer where the model reads fewer. Loaded when it is first asked. Raises
    MissingExtraError without torch and transformers, ConfigError where the model is missing.
    """

    name = "hidden"
    near = 0.995  # not measured: all cosines are high in such a space, so prefer a quantile (--near-vectors q0.99)
    rate = 4.0
    fitted = False

    def __init__(self, model: str | None = None) -> None:
        self._name = model or causal.DEFAULT
        causal.folder_of(self._name)
        need("torch", "transformers", purpose="the hidden-state embedder")

    @cached_property
    def _causal(self) -> Causal:
        return causal.load(self._name)

    @property
    def _longest(self) -> int:
        return min(MAX_TOKENS, self._causal.max_length)

    @property
    def dim(self) -> int:
        """Length of a vector: the model's hidden size."""
        return forward.width(self._causal)

    @property
    def version(self) -> str:
        """Fingerprint of weights, tokenizer, template, precision and truncation."""
        return digest([self._causal.version, self._longest])

    def fit(self, texts: Sequence[str]) -> None:
        """Nothing to learn."""

    def encode(self, texts: Sequence[str]) -> F32:
        """Return (n, dim) float32 unit rows of plain texts, each a single user turn."""
        return self.encode_messages([[{"role": "user", "content": text}] for text in texts])

    def encode_messages(self, conversations: Sequence[Messages]) -> F32:
        """Return (n, dim) float32 unit rows. Another batch may move a value by rounding, about 1e-6.

        A conversation without words, or one that the template cannot render, gets the unit vector of the last axis.
        """
        rows = [self._encoded(talk) for talk in conversations]
        hidden = forward.passes(self._causal, rows, {"hidden"}, advance=_silent).hidden
        return unit_rows(np.nan_to_num(hidden, nan=0.0, copy=False))

    def _encoded(self, talk: Messages) -> Encoded:
        nothing = Encoded(np.empty(0, dtype=np.int32), np.empty(0, dtype=bool))
        if not render.plain(talk).strip():
            return nothing
        try:
            return render.encode(talk, self._causal.tokenizer, max_length=self._longest)
        except InputError:
            return nothing


def _silent(tokens: int) -> None:
    """The store shows the bar."""
