"""What cuvee calls of a model's tokenizer: the one home of its type. A tokenizer of ``transformers`` is one."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, overload

import numpy as np
import numpy.typing as npt


class Tokenizer(Protocol):
    """Text -> token ids and back, with the model's own chat template and its marks.

    As ``models.causal.tokenizer_of`` returns it, it has a template, an end token and a pad token.
    """

    chat_template: str
    eos_token: str
    eos_token_id: int
    bos_token: str | None
    bos_token_id: int | None
    all_special_tokens: list[str]
    pad_token: str
    pad_token_id: int
    model_max_length: int

    @overload
    def __call__(self, text: str, *, add_special_tokens: bool = True) -> Mapping[str, list[int]]: ...
    @overload
    def __call__(self, text: list[str], *, add_special_tokens: bool = True) -> Mapping[str, list[list[int]]]: ...

    @overload
    def apply_chat_template(
        self, conversation: list[list[dict[str, object]]], *, tokenize: bool, add_generation_prompt: bool
    ) -> list[str]: ...
    @overload
    def apply_chat_template(
        self,
        conversation: Sequence[Mapping[str, object]],
        *,
        tools: Sequence[object] | None = None,
        tokenize: bool,
        add_generation_prompt: bool,
    ) -> str: ...

    def get_vocab(self) -> dict[str, int]:
        """Return the id of every token, as the vocabulary writes them."""
        ...

    def tokenize(self, text: str) -> list[str]:
        """Return the tokens of a text, as the vocabulary writes them."""
        ...

    def decode(self, ids: Sequence[int] | npt.NDArray[np.int32], *, skip_special_tokens: bool = False) -> str:
        """Return the text of token ids."""
        ...

    def save_pretrained(self, folder: Path) -> object:
        """Write the tokenizer's files into a folder."""
        ...
