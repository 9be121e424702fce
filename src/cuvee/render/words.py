"""How many tokens texts become, counted by their words: one that stands a thousand times becomes tokens once.

A word here is a run of spaces with what follows it, up to the next space. Where no token reaches across the border between
a word and the next, the tokens of a text are those of its words, one after the other; ``parts_at_spaces`` says whether
that holds for a tokenizer. Where it does not, every text becomes tokens whole.
"""

import itertools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cuvee.render.tokenizer import Tokenizer

if TYPE_CHECKING:
    import polars as pl

_SPACE = r"(?:[^\S ]\s*\S+)*"  # other white space (a line's end) does not end a word: tokens reach across it
_WORD = rf"\s*\S+{_SPACE}(?:[^\S ]\s*\z)?|\s+"
_ACROSS = re.compile(r"\S ")
_SIGNS = (
    "a",
    "B",
    "7",
    "'s",
    "!",
    "_",
    "é",
    "日",
    "\u0301",
    "😀",
    "\n",
    "\t",
    "</s>",
)  # of each class that rules tell apart


class WordCounts:
    """Counts the tokens of texts by a tokenizer, and remembers words.

    fewest: texts from which looking for words is worth it.
    """

    def __init__(self, tokenizer: Tokenizer, fewest: int = 2_000) -> None:
        self._tokenizer, self._fewest = tokenizer, fewest
        self._apart: bool | None = None  # not looked at yet
        self._known: pl.DataFrame | None = None  # columns word, tokens

    def of(self, texts: list[str]) -> list[int]:
        """Return how many tokens each text becomes, without marks that a tokenizer adds."""
        if self._apart is None and len(texts) >= self._fewest:
            self._apart = parts_at_spaces(self._tokenizer)
        return self._by_words(texts) if self._apart else _whole(texts, self._tokenizer)

    def _by_words(self, texts: list[str]) -> list[int]:
        import polars as pl

        frame = pl.DataFrame({"text": range(len(texts)), "word": pl.Series(texts, dtype=pl.String)})
        words = frame.with_columns(pl.col("word").str.extract_all(_WORD)).explode("word").drop_nulls()
        seen = words.select("word").unique()
        new = (seen if self._known is None else seen.join(self._known, on="word", how="anti"))["word"].to_list()
        found = pl.DataFrame(
            {"word": new, "tokens": _whole(new, self._tokenizer)}, schema={"word": pl.String, "tokens": pl.Int64}
        )
        self._known = found if self._known is None else pl.concat([self._known, found])
        sums = words.join(self._known, on="word").group_by("text").agg(pl.col("tokens").sum())
        counted: list[int] = (
            frame.select("text")
            .join(sums, on="text", how="left", maintain_order="left")["tokens"]
            .fill_null(0)
            .to_list()
        )
        return counted


def parts_at_spaces(tokenizer: Tokenizer) -> bool:
    """Return whether the tokens of a text are those of its words: no token holds the border between two words, and on short
    texts of all classes of characters, and beside every mark of the tokenizer, the tokens are those of the words."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return False
    vocabulary = list(tokenizer.get_vocab())
    decoder = backend.decoder
    written = (decoder.decode([token]) if decoder else token for token in vocabulary)
    if any(_ACROSS.search(token.replace("▁", " ")) for token in written):
        return False
    first, second = _probes(tokenizer)
    ids = _ids([*first, *second, *(left + right for left in first for right in second)], tokenizer)
    apart, joined = ids[: len(first) + len(second)], ids[len(first) + len(second) :]
    pairs = itertools.product(apart[: len(first)], apart[len(first) :])
    return all(left + right == whole for (left, right), whole in zip(pairs, joined, strict=True))


def _probes(tokenizer: Tokenizer) -> tuple[list[str], list[str]]:
    """Return short texts that end a word, and some that begin one."""
    signs = [*_SIGNS, *tokenizer.all_special_tokens]
    two = ["".join(pair) for pair in itertools.product(_SIGNS, repeat=2)]
    first = [text for text in [*signs, *two, *(f" {sign}" for sign in signs)] if not text[-1].isspace()]
    second = [" ", "  ", *(f"{gap}{sign}" for gap in (" ", "  ", " \n") for sign in signs)]
    return first, second


def _whole(texts: list[str], tokenizer: Tokenizer) -> list[int]:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return [len(ids) for ids in _ids(texts, tokenizer)]
    return list(map(len, backend.encode_batch_fast(texts, add_special_tokens=False)))  # no ids are brought to Python


def _ids(texts: Sequence[str], tokenizer: Tokenizer) -> list[list[int]]:
    return tokenizer(list(texts), add_special_tokens=False)["input_ids"] if texts else []
