"""Lexical embedder: TF-IDF of words and word pairs, reduced by SVD to what a pool's rows have in common.

Needs no model. It sees words, not meaning: paraphrases that share no word are far apart.
Latent semantic analysis: Deerwester et al., 1990.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa
import xxhash

from cuvee.arrays import F32, I64
from cuvee.embedders.latent import latent_axes
from cuvee.embedders.seam import unit_rows
from cuvee.errors import ConfigError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

SAMPLE = 10_000  # distinct texts that it is fitted on
TERMS = 30_000
DIM = 256
_BATCH = 8_192
_WORD = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]|[\w--[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]]+"


class Lexical:
    """TF-IDF (1 + ln count, smooth idf) of words and word pairs, then truncated SVD, seed 0.

    It is fitted on the 10,000 distinct texts of the pool with the smallest content hash, so the order of rows and their
    repetition do not matter, on the 30,000 terms that stand in most of them. 255 axes are learnt, fewer for a tiny pool;
    one more, the last, belongs to texts without any known term.
    """

    name = "lexical"
    near = 0.985  # on real instruction data: below, different tasks in the same words
    rate = 4_000.0
    fitted = True

    def __init__(self, model: str | None = None) -> None:
        if model is not None:
            raise ConfigError(f"the lexical embedder has no models, so not {model!r}", "write only: lexical")
        self._words: pa.Array = pa.array([], pa.large_string())
        self._pairs: I64 = np.empty(0, dtype=np.int64)  # sorted; a pair of words a, b is a * len(words) + b
        self._axes: F32 = np.zeros((0, 0), dtype=np.float32)  # (terms, axes), each term's row times its idf

    @property
    def dim(self) -> int:
        """Length of a vector; known after ``fit``."""
        return int(self._axes.shape[1]) + 1

    @property
    def version(self) -> str:
        """Fingerprint of what was learnt."""
        state = xxhash.xxh3_64(self._axes.tobytes())
        state.update(self._pairs.tobytes())
        state.update("\x1f".join(self._words.to_pylist()).encode())
        return state.hexdigest()

    def fit(self, texts: Sequence[str]) -> None:
        """Learn terms, weights and axes from the pool."""
        distinct = {xxhash.xxh3_128_digest(text.encode()): text for text in texts}
        sample = [text for _, text in sorted(distinct.items())[:SAMPLE]]
        words, offsets = _split(sample)
        self._words, self._pairs = _vocabulary(words, offsets)
        counts = self._counts(words, offsets)
        n, terms = counts.shape
        axes = min(DIM - 1, n, terms)
        if not axes:
            self._axes = np.zeros((0, 0), dtype=np.float32)
            return
        self._axes = latent_axes(counts, axes, name="lexical")

    def encode(self, texts: Sequence[str]) -> F32:
        """Return (n, dim) float32 unit rows; a row is a function of its text and the fit only."""
        X = np.zeros((len(texts), self.dim), dtype=np.float32)
        for start in range(0, len(texts) if self._axes.size else 0, _BATCH):
            counts = self._counts(*_split(texts[start : start + _BATCH]))
            X[start : start + _BATCH, :-1] = counts @ self._axes
        return unit_rows(X)

    def _counts(self, words: pa.Array, offsets: I64) -> "csr_array":
        """Return (n, terms) CSR of 1 + ln(count): words first, then word pairs."""
        from scipy.sparse import csr_array

        codes, pairs, seconds = _codes(words, offsets, self._words)
        rows = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
        place = np.minimum(np.searchsorted(self._pairs, pairs), max(0, len(self._pairs) - 1))
        known = np.flatnonzero(self._pairs[place] == pairs) if len(self._pairs) else np.empty(0, dtype=np.int64)
        column = np.concatenate([codes[codes >= 0], len(self._words) + place[known]])
        row = np.concatenate([rows[codes >= 0], rows[seconds[known]]])
        shape = (len(offsets) - 1, len(self._words) + len(self._pairs))
        counts = csr_array((np.ones(len(row), dtype=np.float32), (row, column)), shape=shape)
        counts.sum_duplicates()
        counts.data = 1 + np.log(counts.data)
        return counts


def _split(texts: Sequence[str]) -> tuple[pa.Array, I64]:
    """Return all lower-case words and the offsets of the texts in them."""
    lists = pl.Series(texts, dtype=pl.String).str.to_lowercase().str.extract_all(_WORD)
    words = lists.filter(lists.list.len() > 0).explode().to_arrow().cast(pa.large_string())
    return words, np.concatenate([[0], np.cumsum(lists.list.len().to_numpy().astype(np.int64))])


def _codes(words: pa.Array, offsets: I64, vocabulary: pa.Array) -> tuple[I64, I64, I64]:
    """Return the code of each word (-1: unknown), the code of each pair of known neighbours, and where its second stands."""
    import pyarrow.compute as pc

    coded = words.dictionary_encode()
    table = pc.index_in(coded.dictionary, vocabulary).fill_null(-1).to_numpy().astype(np.int64)
    codes: I64 = table[coded.indices.to_numpy()] if len(words) else np.empty(0, dtype=np.int64)
    beside = (codes[1:] >= 0) & (codes[:-1] >= 0)
    starts = offsets[1:-1]
    beside[starts[(starts > 0) & (starts < len(codes))] - 1] = False
    seconds = np.flatnonzero(beside) + 1
    return codes, codes[seconds - 1] * len(vocabulary) + codes[seconds], seconds


def _vocabulary(words: pa.Array, offsets: I64) -> tuple[pa.Array, I64]:
    """Return the words and the word pairs that stand in most texts: in two at least, in one for a tiny pool."""
    rows = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    least = 2 if len(offsets) > DIM else 1
    coded = words.dictionary_encode()
    codes = coded.indices.to_numpy().astype(np.int64)
    best = _most_common(rows, codes, least)
    known = coded.dictionary.to_pylist()
    names = sorted(known[code] for code in best)
    vocabulary = pa.array(names, pa.large_string())
    _, pairs, seconds = _codes(words, offsets, vocabulary)
    return vocabulary, np.sort(_most_common(rows[seconds], pairs, least))


def _most_common(rows: I64, terms: I64, least: int) -> I64:
    """Return up to half of ``TERMS`` terms that stand in the most rows, and in ``least`` at least."""
    distinct, number = np.unique(terms, return_inverse=True)
    once = np.unique(rows * max(1, len(distinct)) + number)
    frequency = np.bincount(once % max(1, len(distinct)), minlength=len(distinct))
    order = np.argsort(-frequency, kind="stable")[: TERMS // 2]
    found: I64 = distinct[order[frequency[order] >= least]]
    return found
